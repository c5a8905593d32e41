//! The programs that are tried.

use std::path::PathBuf;
use std::process::Command;

/// The server's program, made if these tests run without the rest of the workspace.
pub fn server() -> PathBuf {
    let path = std::path::Path::new(env!("CARGO_BIN_EXE_torture")).with_file_name("chat-server");
    if !path.exists() {
        let made = Command::new(env!("CARGO")).args(["build", "--quiet", "--package", "chat-server"]).status();
        assert!(made.unwrap().success());
    }
    path
}
