//! How the model looks: text into rows, rows into cells.

mod chrome;
mod composer;
mod hits;
mod overlay;
mod paint;
mod panes;
mod screen;
mod theme;
mod timeline;
pub mod width;
mod windows;
pub mod wrap;

pub use hits::Hits;
pub use screen::{Drawn, ViewCache, draw};
pub use theme::{BUILT_IN, DEFAULT, ROLES, Sign, Theme, Wanted};
