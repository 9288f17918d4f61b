//! Traces the linear memory of an instance.

use wasmtime::{Error, ResourceLimiter, Result};

use crate::trace::{Call, InstanceTrace};

/// The size of an instance's linear memory. It never shrinks and is freed with the instance, so
/// dropping this is traced as the end of the instance.
pub(crate) struct Memory {
    bytes: usize,
    /// The last growth that was granted, in bytes; reverted if the allocation fails.
    granted: usize,
    trace: InstanceTrace,
}

impl Memory {
    /// The memory of a new instance, which is empty.
    pub(crate) fn new(trace: InstanceTrace) -> Self {
        Self {
            bytes: 0,
            granted: 0,
            trace,
        }
    }

    /// The total size of all its memories, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn trace(&self) {
        self.trace.write(&Call::GrowMemory { bytes: self.bytes });
    }
}

/// Limits nothing: the engine reports the growth of memory through this trait.
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

    /// The size of a WebAssembly page, in bytes.
    const PAGE: usize = 65_536;

    /// Runs `act` on a store without memory, and returns the lines of the trace.
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
    fn growth_is_traced_and_so_is_the_end_when_memory_is_freed() {
        let trace = traced(|store| {
            let memory = wasmtime::Memory::new(&mut *store, MemoryType::new(2, None)).unwrap();
            memory.grow(&mut *store, 3).unwrap();
            assert_eq!(store.data().bytes(), 5 * PAGE);
        });
        assert_eq!(trace, [grown_to(2), grown_to(5), END.to_owned()]);
    }

    #[test]
    fn the_memories_of_an_instance_are_summed() {
        let trace = traced(|store| {
            for pages in [2, 3] {
                wasmtime::Memory::new(&mut *store, MemoryType::new(pages, None)).unwrap();
            }
        });
        assert_eq!(trace, [grown_to(2), grown_to(5), END.to_owned()]);
    }

    #[test]
    fn failed_growth_leaves_the_size_unchanged() {
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
