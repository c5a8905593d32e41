//! The pictures of `docs/` can be made, and show what they are meant to.
#![cfg(all(unix, feature = "tui"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

mod pty;
#[path = "../examples/screenshot/scene.rs"]
mod scene;
#[path = "../examples/screenshot/svg.rs"]
mod svg;

use std::path::Path;

#[test]
fn every_picture_of_the_documents_is_made_from_the_real_client() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let readme = std::fs::read_to_string(docs.join("../README.md")).unwrap();
    let pictures = scene::pictures(Path::new(env!("CARGO_BIN_EXE_chat-tui"))).unwrap();
    assert!(pictures.len() >= 5);
    for (name, picture) in pictures {
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"), "{name}");
        let shown = match name {
            "screenshot-light.svg" => "Retry-After",
            "screenshot-switcher.svg" => "@carol",
            _ => "counting",
        };
        assert!(picture.contains(shown), "{name} shows {shown}");
        assert!(docs.join(name).exists() && readme.contains(&format!("docs/{name}")), "{name} is made and shown");
    }
}
