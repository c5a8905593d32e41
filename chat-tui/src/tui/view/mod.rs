//! How the model looks: text into rows, rows into cells.

pub mod width;
pub mod wrap;
