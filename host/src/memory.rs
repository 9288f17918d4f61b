//! The linear memory of an instance, as the trace tells it.

use wasmtime::{Error, ResourceLimiter, Result};

use crate::trace::{Call, InstanceTrace};

/// How much linear memory an instance has. It never shrinks, and is given back with the instance:
/// dropping this is traced as the instance's end.
pub(crate) struct Memory {
    bytes: usize,
    /// What was granted last, in bytes: it is taken back if there was not so much.
    granted: usize,
    trace: InstanceTrace,
}

impl Memory {
    /// The memory of a new instance: none yet.
    pub(crate) fn new(trace: InstanceTrace) -> Self {
        Self {
            bytes: 0,
            granted: 0,
            trace,
        }
    }

    /// In bytes, all its memories together.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn trace(&self) {
        self.trace.write(&Call::GrowMemory { bytes: self.bytes });
    }
}

/// Limits nothing: it is how the engine tells that memory grows.
impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        self.granted = desired.saturating_sub(current);
        self.bytes += self.granted;
        self.trace();
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _: Error) -> Result<()> {
        self.bytes -= self.granted;
        self.granted = 0;
        self.trace();
        Ok(())
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.trace.write(&Call::End);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;
    use wasmtime::{Engine, MemoryType, Store};

    use super::*;
    use crate::trace::Trace;

    /// Of WebAssembly, in bytes.
    const PAGE: usize = 65_536;

    /// What is traced while something is done with a store that has no memory yet.
    fn traced(act: impl FnOnce(&mut Store<Memory>)) -> Vec<String> {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("trace.jsonl");
        let trace = Trace::to(Some(&path)).unwrap().of_new_instance();
        let mut store = Store::new(&Engine::default(), Memory::new(trace));
        store.limiter(|memory| memory);
        act(&mut store);
        drop(store);
        let trace = fs::read_to_string(&path).unwrap();
        trace.lines().map(str::to_owned).collect()
    }

    fn grown_to(pages: usize) -> String {
        let bytes = pages * PAGE;
        format!("{{\"instance\":1,\"call\":\"grow_memory\",\"bytes\":{bytes}}}")
    }

    const END: &str = "{\"instance\":1,\"call\":\"end\"}";

    #[test]
    fn memory_is_traced_as_it_grows_and_the_end_when_it_is_given_back() {
        let trace = traced(|store| {
            let memory = wasmtime::Memory::new(&mut *store, MemoryType::new(2, None)).unwrap();
            memory.grow(&mut *store, 3).unwrap();
            assert_eq!(store.data().bytes(), 5 * PAGE);
        });
        assert_eq!(trace, [grown_to(2), grown_to(5), END.to_owned()]);
    }

    #[test]
    fn all_memories_of_an_instance_count_together() {
        let trace = traced(|store| {
            for pages in [2, 3] {
                wasmtime::Memory::new(&mut *store, MemoryType::new(pages, None)).unwrap();
            }
        });
        assert_eq!(trace, [grown_to(2), grown_to(5), END.to_owned()]);
    }

    #[test]
    fn memory_that_could_not_grow_is_as_large_as_before() {
        let trace = traced(|store| {
            let memory = wasmtime::Memory::new(&mut *store, MemoryType::new(2, Some(4))).unwrap();
            assert!(memory.grow(&mut *store, 5).is_err());
            assert_eq!(store.data().bytes(), 2 * PAGE);
        });
        assert_eq!(
            trace,
            [grown_to(2), grown_to(7), grown_to(2), END.to_owned()]
        );
    }
}
