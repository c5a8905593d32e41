//! Lines on their way to standard output: bounded, written and flushed one by one on a thread of their own, so that a reader
//! who stops stops nothing but what comes behind.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// The other end takes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// What became of a line that need not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// It stands in line, or took the place of an older one of its kind.
    Queued,
    /// There is no room.
    Full,
}

/// A line, and what is to be told when it was written.
#[derive(Debug)]
enum Item<M> {
    Line(String, Option<M>),
    /// The newest line of this kind stands in `slots`.
    Slot(String),
}

#[derive(Debug)]
struct State<M> {
    items: VecDeque<Item<M>>,
    slots: BTreeMap<String, String>,
    ended: bool,
    error: Option<io::Error>,
}

/// Lines on their way out.
#[derive(Debug)]
pub struct Queue<M> {
    state: Mutex<State<M>>,
    filled: Condvar,
    /// One permit per free place.
    places: Semaphore,
    /// Cancelled when there is no writer any more.
    over: CancellationToken,
    capacity: u32,
}

impl<M: Send + 'static> Queue<M> {
    /// A queue of `capacity` lines before `out`. `written` is told of every line that carries a mark, after the line was
    /// written and flushed.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(
        mut out: impl Write + Send + 'static,
        capacity: u32,
        mut written: impl FnMut(M) + Send + 'static,
    ) -> io::Result<Arc<Self>> {
        let state = State { items: VecDeque::new(), slots: BTreeMap::new(), ended: false, error: None };
        let queue = Arc::new(Self {
            state: Mutex::new(state),
            filled: Condvar::new(),
            places: Semaphore::new(capacity as usize),
            over: CancellationToken::new(),
            capacity,
        });
        let writer = Arc::clone(&queue);
        std::thread::Builder::new().name("output".to_owned()).spawn(move || {
            while let Some((mut line, mark)) = writer.pop() {
                line.push('\n');
                if let Err(error) = out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
                    writer.lock().error = Some(error);
                    break;
                }
                if let Some(mark) = mark {
                    written(mark);
                }
                writer.places.add_permits(1);
            }
            writer.places.close();
            writer.over.cancel();
        })?;
        Ok(queue)
    }

    fn lock(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next line, as soon as there is one; none when there will be no more.
    fn pop(&self) -> Option<(String, Option<M>)> {
        let mut state = self.lock();
        loop {
            match state.items.pop_front() {
                Some(Item::Line(line, mark)) => return Some((line, mark)),
                Some(Item::Slot(kind)) => {
                    if let Some(line) = state.slots.remove(&kind) {
                        return Some((line, None));
                    }
                }
                None if state.ended => return None,
                None => state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn put(&self, item: Item<M>) {
        self.lock().items.push_back(item);
        self.filled.notify_one();
    }

    /// Puts a line in line, and waits for a place in it.
    ///
    /// # Errors
    /// [`Closed`] when nobody reads any more.
    pub async fn push(&self, line: String, mark: Option<M>) -> Result<(), Closed> {
        self.places.acquire().await.map_err(|_| Closed)?.forget();
        self.put(Item::Line(line, mark));
        Ok(())
    }

    /// Puts a line in line that only the newest of its kind matters of, if there is a place.
    ///
    /// # Errors
    /// [`Closed`] when nobody reads any more.
    pub fn pass(&self, kind: &str, line: &str) -> Result<Passed, Closed> {
        if let Some(waiting) = self.lock().slots.get_mut(kind) {
            line.clone_into(waiting);
            return Ok(Passed::Queued);
        }
        match self.places.try_acquire() {
            Ok(place) => place.forget(),
            Err(tokio::sync::TryAcquireError::NoPermits) => return Ok(Passed::Full),
            Err(tokio::sync::TryAcquireError::Closed) => return Err(Closed),
        }
        self.lock().slots.insert(kind.to_owned(), line.to_owned());
        self.put(Item::Slot(kind.to_owned()));
        Ok(Passed::Queued)
    }

    /// Waits until there is a place in line.
    ///
    /// # Errors
    /// [`Closed`] when nobody reads any more.
    pub async fn room(&self) -> Result<(), Closed> {
        self.places.acquire().await.map(drop).map_err(|_| Closed)
    }

    /// Whether every place is taken.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.places.available_permits() == 0
    }

    /// Waits until every line is written; lines that come meanwhile wait behind this.
    ///
    /// # Errors
    /// [`Closed`] when nobody reads any more.
    pub async fn drained(&self) -> Result<(), Closed> {
        self.places.acquire_many(self.capacity).await.map(drop).map_err(|_| Closed)
    }

    /// There will be no more lines.
    pub fn end(&self) {
        self.lock().ended = true;
        self.filled.notify_one();
    }

    /// Waits until nobody reads any more, or until [`Self::end`] and all is written.
    pub async fn closed(&self) {
        self.over.cancelled().await;
    }

    /// What went wrong with the output, unless it is that nobody reads it any more.
    #[must_use]
    pub fn error(&self) -> Option<io::Error> {
        self.lock().error.take().filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
    }
}

/// Lines between the session and standard output. Beyond them nothing more is read from the server.
pub const QUEUE_LINES: u32 = 4_096;

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// An output that takes a line when it is let.
    struct Gate {
        open: Receiver<io::Result<()>>,
        taken: Sender<String>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.open.recv().unwrap_or(Err(io::ErrorKind::BrokenPipe.into()))?;
            let _ = self.taken.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Desk {
        queue: Arc<Queue<u32>>,
        open: Sender<io::Result<()>>,
        taken: Receiver<String>,
        marks: Receiver<u32>,
    }

    fn desk(capacity: u32) -> Desk {
        let (open, gate) = channel();
        let (taken_tx, taken) = channel();
        let (marked, marks) = channel();
        let out = Gate { open: gate, taken: taken_tx };
        let written = move |mark| marked.send(mark).unwrap_or_default();
        Desk { queue: Queue::start(out, capacity, written).unwrap(), open, taken, marks }
    }

    /// Whether something is still waiting after everything that can run has run.
    async fn waits(future: impl Future) -> bool {
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_pending())).await
    }

    #[tokio::test]
    async fn a_full_queue_lets_wait_and_a_mark_follows_its_line() {
        let desk = desk(2);
        for n in 0..2 {
            desk.queue.push(n.to_string(), Some(n)).await.unwrap();
        }
        assert!(desk.queue.is_full() && waits(desk.queue.push("no".to_owned(), None)).await);
        assert!(desk.marks.try_recv().is_err());
        desk.open.send(Ok(())).unwrap();
        assert_eq!((desk.taken.recv().unwrap(), desk.marks.recv().unwrap()), ("0\n".to_owned(), 0));
        desk.queue.push("2".to_owned(), None).await.unwrap();
        desk.open.send(Ok(())).unwrap();
        desk.open.send(Ok(())).unwrap();
        desk.queue.drained().await.unwrap();
        assert_eq!(desk.taken.iter().take(2).collect::<String>(), "1\n2\n");
    }

    #[tokio::test]
    async fn of_each_kind_only_the_newest_waits() {
        let desk = desk(3);
        desk.queue.push("first".to_owned(), None).await.unwrap();
        for n in 0..100 {
            assert_eq!(desk.queue.pass("bob", &format!("bob {n}")), Ok(Passed::Queued));
        }
        assert_eq!(desk.queue.pass("eve", "eve"), Ok(Passed::Queued));
        assert_eq!(desk.queue.pass("ann", "ann"), Ok(Passed::Full));
        for _ in 0..3 {
            desk.open.send(Ok(())).unwrap();
        }
        desk.queue.drained().await.unwrap();
        assert_eq!(desk.taken.try_iter().collect::<String>(), "first\nbob 99\neve\n");
    }

    #[tokio::test]
    async fn whoever_waits_is_told_that_nobody_reads() {
        let desk = desk(1);
        desk.queue.push("lost".to_owned(), Some(1)).await.unwrap();
        drop(desk.open);
        desk.queue.closed().await;
        assert_eq!(desk.queue.push("more".to_owned(), None).await, Err(Closed));
        assert_eq!(desk.queue.drained().await, Err(Closed));
        assert!(desk.queue.error().is_none() && desk.marks.try_recv().is_err());
    }
}
