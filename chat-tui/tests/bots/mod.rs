//! A server, and programs at it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use crate::program::{Running, program};
use crate::support::{Person, TestServer, settings};
use tempfile::TempDir;

pub struct Desk {
    pub server: TestServer,
    pub data: TempDir,
    pub host: String,
}

impl Desk {
    pub fn new() -> Self {
        let server = TestServer::start();
        let host = format!("localhost:{}", server.address.port());
        Self { server, data: tempfile::tempdir().unwrap(), host }
    }

    pub fn command(&self, args: &[&str]) -> std::process::Command {
        let args = [&["bot", "jsonl", &self.host, "--name", "ci"], args].concat();
        program(self.data.path(), &args)
    }

    pub fn bot(&self, args: &[&str]) -> Running {
        Running::start(&mut self.command(args))
    }

    pub async fn person(&self, name: &str) -> (Person, TempDir) {
        let data = tempfile::tempdir().unwrap();
        (Person::connect(settings(self.server.named(), name, data.path())).await, data)
    }
}
