//! The responses of one operation between the query that makes them and the client that releases them.
//!
//! Bounded in bytes: a full buffer makes the query wait. Responses stay until they are released, so that a client
//! that lost its connection gets the very same ones again. One exception keeps a query from waiting for ever: if a
//! client has read everything and releases nothing for [`Limits::unreleased_wait`], the oldest responses it was sent
//! are given up, and asking for them again is `INVALID_CURSOR.POSITION_NOT_AVAILABLE`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use firesteel_base::{SparkError, SparkResult};
use parking_lot::Mutex;
use tokio::sync::Notify;
use uuid::Uuid;

use super::ResponseBody;
use crate::clock::Clock;
use crate::limits::Limits;

/// One response with its identity.
#[derive(Clone, Debug)]
pub struct Response {
    /// Counted from 1.
    pub index: u64,
    pub id: Uuid,
    pub body: ResponseBody,
}

pub(super) struct ResponseBuffer {
    bytes_max: usize,
    unreleased_wait: Duration,
    keeps_sent: bool,
    clock: Clock,
    state: Mutex<State>,
    /// Something to read appeared, or the reader was replaced.
    readable: Notify,
    /// Room appeared.
    writable: Notify,
}

struct State {
    responses: VecDeque<Response>,
    bytes: usize,
    /// Index of the last response made.
    produced: u64,
    /// Index of the last response handed to a reader.
    sent: u64,
    /// Highest index that was given up without being released.
    given_up: u64,
    /// Ids of responses that are gone, with their indexes: the most recent ones.
    gone: VecDeque<(Uuid, u64)>,
    /// Counts readers: only the newest may read.
    reader: u64,
    reader_waits: bool,
    finished: Option<Option<SparkError>>,
    /// Whether the last response was made: nothing may follow it.
    is_complete: bool,
}

/// How many ids of released responses are remembered, to tell a late cursor from a wrong one.
const GONE_IDS_MAX: usize = 1024;

/// What a response costs beyond its bytes.
const RESPONSE_OVERHEAD_BYTES: usize = 256;

impl ResponseBody {
    fn bytes(&self) -> usize {
        RESPONSE_OVERHEAD_BYTES
            + match self {
                Self::Batch { schema, frame } => {
                    frame.data.len() + schema.as_ref().map_or(0, |schema| schema.len() * 64)
                }
                Self::Encoded(bytes) => bytes.len(),
                Self::Command(result) => result.batch.get_array_memory_size(),
                Self::Progress(stages) => size_of_val(stages.as_slice()),
                Self::Complete { operators, observed } => {
                    let observed: usize = observed.iter().map(|metrics| metrics.row.get_array_memory_size()).sum();
                    operators.len() * 1024 + observed
                }
                Self::Checkpoint(_) => 0,
            }
    }
}

impl ResponseBuffer {
    pub(super) fn new(limits: &Limits, clock: Clock, keeps_sent: bool) -> Self {
        Self {
            bytes_max: limits.buffer_bytes_max,
            unreleased_wait: limits.unreleased_wait,
            keeps_sent,
            clock,
            state: Mutex::new(State {
                responses: VecDeque::new(),
                bytes: 0,
                produced: 0,
                sent: 0,
                given_up: 0,
                gone: VecDeque::new(),
                reader: 0,
                reader_waits: false,
                finished: None,
                is_complete: false,
            }),
            readable: Notify::new(),
            writable: Notify::new(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.state.lock().bytes
    }

    /// Adds a response, waiting until there is room for it. A response larger than the whole buffer is taken when
    /// nothing else is held.
    pub(super) async fn push(&self, body: ResponseBody) {
        let bytes = body.bytes();
        loop {
            let room = self.writable.notified();
            tokio::pin!(room);
            // Registered before looking, so that room made in between is not missed.
            room.as_mut().enable();
            let starving = {
                let mut state = self.state.lock();
                if state.finished.is_some() {
                    // Cancelled: nobody reads what the work still makes.
                    return;
                }
                if state.bytes == 0 || state.bytes + bytes <= self.bytes_max {
                    state.append(body, bytes);
                    drop(state);
                    self.readable.notify_waiters();
                    return;
                }
                state.reader_waits
            };
            if !starving {
                room.await;
                continue;
            }
            tokio::select! {
                () = room => {}
                () = self.clock.sleep(self.unreleased_wait) => self.give_up_for(bytes),
            }
        }
    }

    /// Adds a response if a reader waits for one; else it would only take room.
    pub(super) fn push_if_awaited(&self, body: ResponseBody) {
        let bytes = body.bytes();
        let mut state = self.state.lock();
        let is_open = state.finished.is_none() && !state.is_complete;
        if is_open && state.reader_waits && state.sent == state.produced && state.bytes + bytes <= self.bytes_max {
            state.append(body, bytes);
            drop(state);
            self.readable.notify_waiters();
        }
    }

    /// Ends the stream: readers get what is buffered, then the error, if any.
    pub(super) fn finish(&self, error: Option<SparkError>) {
        let mut state = self.state.lock();
        if state.finished.is_none() {
            state.finished = Some(error);
        }
        drop(state);
        self.readable.notify_waiters();
    }

    /// Drops everything that is held: nobody will come back for it.
    pub(super) fn clear(&self) {
        let mut state = self.state.lock();
        let last = state.produced;
        state.release(last);
        drop(state);
        self.writable.notify_waiters();
    }

    /// Drops the responses up to this one; does nothing if it was dropped before.
    pub(super) fn release_until(&self, response_id: &str) -> SparkResult<()> {
        let mut state = self.state.lock();
        let index = state.index_of(response_id)?;
        state.release(index);
        drop(state);
        self.writable.notify_waiters();
        Ok(())
    }

    /// A reader behind the response of this id, or from the start. It replaces any earlier reader.
    pub(super) fn attach(self: &Arc<Self>, after: Option<&str>) -> SparkResult<Cursor> {
        let mut state = self.state.lock();
        let index = match after {
            None => 0,
            Some(id) => state.index_of(id)?,
        };
        if index < state.given_up {
            return Err(SparkError::new("INVALID_CURSOR.POSITION_NOT_AVAILABLE")
                .param("index", (index + 1).to_string())
                .param("responseId", after.unwrap_or_default()));
        }
        state.reader += 1;
        state.reader_waits = false;
        let reader = state.reader;
        drop(state);
        self.readable.notify_waiters();
        Ok(Cursor { buffer: Arc::clone(self), reader, next: index + 1 })
    }

    /// Makes room for `bytes` by giving up the oldest responses that were sent.
    fn give_up_for(&self, bytes: usize) {
        let mut state = self.state.lock();
        let mut count = 0_usize;
        while state.bytes + bytes > self.bytes_max {
            match state.responses.front() {
                Some(oldest) if oldest.index <= state.sent => {
                    let index = oldest.index;
                    state.release(index);
                    state.given_up = index;
                    count += 1;
                }
                _ => break,
            }
        }
        drop(state);
        if count > 0 {
            tracing::warn!(count, "a client read responses without releasing them; the oldest were given up");
        }
    }
}

impl State {
    fn append(&mut self, body: ResponseBody, bytes: usize) {
        self.produced += 1;
        self.bytes += bytes;
        self.is_complete |= matches!(body, ResponseBody::Complete { .. });
        self.responses.push_back(Response { index: self.produced, id: Uuid::new_v4(), body });
    }

    fn release(&mut self, until: u64) {
        while let Some(oldest) = self.responses.pop_front_if(|response| response.index <= until) {
            self.bytes = self.bytes.saturating_sub(oldest.body.bytes());
            if self.gone.len() == GONE_IDS_MAX {
                self.gone.pop_front();
            }
            self.gone.push_back((oldest.id, oldest.index));
        }
    }

    fn index_of(&self, response_id: &str) -> SparkResult<u64> {
        let not_found = || SparkError::new("INVALID_CURSOR.POSITION_NOT_FOUND").param("responseId", response_id);
        let id = Uuid::parse_str(response_id).map_err(|_| not_found())?;
        let held = self.responses.iter().find(|response| response.id == id).map(|response| response.index);
        let gone = || self.gone.iter().find(|(gone, _)| *gone == id).map(|(_, index)| *index);
        held.or_else(gone).ok_or_else(not_found)
    }

    /// The response of this index, if it is held.
    fn get(&self, index: u64) -> Option<&Response> {
        let first = self.responses.front()?.index;
        let position = usize::try_from(index.checked_sub(first)?).ok()?;
        self.responses.get(position)
    }
}

/// A client's place in the responses of an operation.
pub struct Cursor {
    buffer: Arc<ResponseBuffer>,
    reader: u64,
    next: u64,
}

impl Cursor {
    /// The next response; `None` when all were read. Waits for it to be made. A cursor that was replaced by a newer
    /// one answers `INVALID_CURSOR.DISCONNECTED`.
    pub async fn next(&mut self) -> Option<SparkResult<Response>> {
        let buffer = Arc::clone(&self.buffer);
        loop {
            let news = buffer.readable.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            let became_starving = {
                let mut state = buffer.state.lock();
                if let Some(outcome) = self.poll(&mut state) {
                    return outcome;
                }
                !std::mem::replace(&mut state.reader_waits, true)
            };
            if became_starving {
                // A producer that waits for room learns that the reader has nothing left to read.
                buffer.writable.notify_waiters();
            }
            news.await;
        }
    }

    fn poll(&mut self, state: &mut State) -> Option<Option<SparkResult<Response>>> {
        if state.reader != self.reader {
            return Some(Some(Err(SparkError::new("INVALID_CURSOR.DISCONNECTED"))));
        }
        if let Some(response) = state.get(self.next).cloned() {
            state.reader_waits = false;
            state.sent = state.sent.max(self.next);
            if !self.buffer.keeps_sent {
                state.release(self.next);
                self.buffer.writable.notify_waiters();
            }
            self.next += 1;
            return Some(Some(Ok(response)));
        }
        if self.next <= state.produced {
            // Released, by this client or by another connection of its: it cannot be had any more.
            let lost = self.next;
            return Some(Some(Err(SparkError::new("INVALID_CURSOR.POSITION_NOT_AVAILABLE")
                .param("index", lost.to_string())
                .param("responseId", String::new()))));
        }
        match state.finished.clone()? {
            None => Some(None),
            Some(error) => Some(Some(Err(error))),
        }
    }

    /// Whether this is still the operation's reader.
    pub(super) fn is_current(&self) -> bool {
        self.buffer.state.lock().reader == self.reader
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Frame;

    fn frame(bytes: usize) -> ResponseBody {
        let frame = Frame { data: vec![7; bytes].into(), row_count: 1, start_offset: 0, chunk: (0, 1) };
        ResponseBody::Batch { schema: None, frame }
    }

    fn buffer(bytes_max: usize, keeps_sent: bool) -> (Arc<ResponseBuffer>, crate::clock::ManualClock) {
        let (clock, handle) = Clock::manual();
        let limits = Limits { buffer_bytes_max: bytes_max, ..Limits::default() };
        (Arc::new(ResponseBuffer::new(&limits, clock, keeps_sent)), handle)
    }

    fn is_pending<F: Future>(future: std::pin::Pin<&mut F>) -> bool {
        use futures::FutureExt;
        future.now_or_never().is_none()
    }

    #[tokio::test]
    async fn a_full_buffer_makes_the_producer_wait_until_a_release() {
        let (buffer, _) = buffer(3000, true);
        buffer.push(frame(1000)).await;
        buffer.push(frame(1000)).await;
        let third = buffer.push(frame(1000));
        tokio::pin!(third);
        assert!(is_pending(third.as_mut()));
        let mut cursor = buffer.attach(None).unwrap();
        let first = cursor.next().await.unwrap().unwrap();
        assert!(is_pending(third.as_mut()), "sent is not released");
        buffer.release_until(&first.id.to_string()).unwrap();
        third.await;
        assert_eq!(cursor.next().await.unwrap().unwrap().index, 2);
        assert_eq!(cursor.next().await.unwrap().unwrap().index, 3);
    }

    #[tokio::test]
    async fn reading_again_yields_the_same_responses() {
        let (buffer, _) = buffer(1 << 20, true);
        for size in [10, 20, 30] {
            buffer.push(frame(size)).await;
        }
        buffer.finish(None);
        let mut first = buffer.attach(None).unwrap();
        let ids: Vec<_> =
            [first.next().await, first.next().await].into_iter().map(|r| r.unwrap().unwrap().id).collect();
        let mut again = buffer.attach(Some(&ids[0].to_string())).unwrap();
        let replaced = first.next().await.unwrap().unwrap_err();
        assert_eq!(replaced.condition(), "INVALID_CURSOR.DISCONNECTED");
        assert_eq!(again.next().await.unwrap().unwrap().id, ids[1]);
        assert_eq!(again.next().await.unwrap().unwrap().index, 3);
        assert!(again.next().await.is_none());
    }

    #[tokio::test]
    async fn responses_that_were_given_up_are_an_error_and_never_a_gap() {
        let (buffer, clock) = buffer(3000, true);
        buffer.push(frame(1000)).await;
        buffer.push(frame(1000)).await;
        let mut cursor = buffer.attach(None).unwrap();
        cursor.next().await.unwrap().unwrap();
        cursor.next().await.unwrap().unwrap();
        let third = buffer.push(frame(1000));
        tokio::pin!(third);
        let starving = cursor.next();
        tokio::pin!(starving);
        assert!(is_pending(starving.as_mut()));
        assert!(is_pending(third.as_mut()));
        clock.advance(Duration::from_secs(11));
        third.await;
        assert_eq!(starving.await.unwrap().unwrap().index, 3);
        let early = buffer.attach(None).err().unwrap();
        assert_eq!(early.condition(), "INVALID_CURSOR.POSITION_NOT_AVAILABLE");
    }

    #[tokio::test]
    async fn without_reattaching_responses_are_released_as_they_are_sent() {
        let (buffer, _) = buffer(1500, false);
        let mut cursor = buffer.attach(None).unwrap();
        for _ in 0..3 {
            buffer.push(frame(1000)).await;
            cursor.next().await.unwrap().unwrap();
        }
        assert_eq!(buffer.bytes(), 0);
    }

    #[tokio::test]
    async fn unknown_positions_are_not_found() {
        let (buffer, _) = buffer(1500, true);
        let error = buffer.attach(Some(&Uuid::new_v4().to_string())).err().unwrap();
        assert_eq!(error.condition(), "INVALID_CURSOR.POSITION_NOT_FOUND");
    }
}
