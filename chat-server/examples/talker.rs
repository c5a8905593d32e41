//! A client that talks until it is told to stop: what the tests kill. See `chat_torture::talker`.

fn main() -> anyhow::Result<()> {
    chat_torture::talker::main()
}
