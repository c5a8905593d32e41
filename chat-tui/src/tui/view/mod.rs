//! How the model looks: text into rows, rows into cells.

mod chrome;
mod composer;
mod overlay;
mod paint;
mod panes;
mod screen;
mod theme;
mod timeline;
pub mod width;
pub mod wrap;

pub use screen::{ViewCache, draw};
pub use theme::{Sign, Theme};
