//! Makes the pictures of `docs/`: a real server with people in its rooms, and the real client in terminals.
//!
//! `cargo run -p chat-tui --example screenshot`

#![allow(clippy::expect_used)]

#[path = "../../tests/pty/mod.rs"]
mod pty;
mod scene;
#[path = "../stage/mod.rs"]
mod stage;
mod svg;

use std::path::Path;

use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    let programs = stage::build()?;
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    for (name, picture) in scene::pictures(&programs.join("chat-tui"))? {
        let path = docs.join(name);
        std::fs::write(&path, picture).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}
