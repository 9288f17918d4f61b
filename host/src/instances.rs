//! The lifecycle of instances: start, reuse and expiration.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::time::{Sleep, sleep};
use tokio_util::{
    sync::{CancellationToken, WaitForCancellationFutureOwned},
    task::TaskTracker,
};
use wasmtime::{Engine, Result, Store, StoreContextMut, component::GuestTaskId};
use wasmtime_wasi_http::{
    WasiHttpView,
    handler::{
        HandlerState, Instance, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
    },
};

use crate::{
    state::{App, State},
    trace::Call,
};

/// Spin's limits for components for WASI 0.3.
const REUSED: Limits = Limits {
    total: 128,
    concurrent: 16,
};
/// Spin's limits for components for WASI 0.2: every request has a new instance.
const USED_ONCE: Limits = Limits {
    total: 1,
    concurrent: 1,
};
/// Spin's limit: how long an instance may be idle before it is dropped.
const IDLE_TIMEOUT: Duration = Duration::from_secs(1);
/// The epoch is never incremented, so no deadline is ever reached.
const NO_DEADLINE: u64 = u64::MAX / 2;

/// Starts instances of the component.
pub(crate) struct Instances {
    pub(crate) app: Arc<App>,
    pub(crate) engine: Engine,
    pub(crate) component: ProxyPre<State>,
    /// Cancelled when the host shuts down: idle instances then end at once.
    pub(crate) stopping: CancellationToken,
    /// Counts the live instances.
    pub(crate) alive: TaskTracker,
}

impl HandlerState for Instances {
    type StoreData = State;
    type WorkerExpiration = Expiration;
    type WorkerState = Limits;

    async fn instantiate(&self) -> Result<Instance<State, Expiration, Limits>> {
        let state = State::new(self.app.clone(), self.alive.token());
        let mut store = Store::new(&self.engine, state);
        store.set_epoch_deadline(NO_DEADLINE);
        let trace = &store.data().trace;
        if trace.is_on() {
            trace.write(&Call::Instantiate);
            store.set_fuel(u64::MAX)?;
            store.limiter(|state| &mut state.memory);
        }
        Ok(Instance {
            proxy: self.component.instantiate_async(&mut store).await?,
            store,
            view: State::http,
            expiration: Expiration {
                idle: Box::pin(sleep(IDLE_TIMEOUT)),
                stopping: Box::pin(self.stopping.clone().cancelled_owned()),
            },
            state: match self.component {
                ProxyPre::P2(_) => USED_ONCE,
                ProxyPre::P3(_) => REUSED,
            },
        })
    }
}

/// Ends idle instances. Requests, and the tasks that outlive them, have no time limit.
pub(crate) struct Expiration {
    idle: Pin<Box<Sleep>>,
    stopping: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        status: WorkerStatus,
        start: Instant,
    ) -> Poll<()> {
        if status != WorkerStatus::Idle {
            return Poll::Pending;
        }
        let deadline = (start + IDLE_TIMEOUT).into();
        if self.idle.deadline() != deadline {
            self.idle.as_mut().reset(deadline);
        }
        if self.stopping.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        self.idle.as_mut().poll(cx)
    }
}

/// Limits how many requests an instance takes.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    total: usize,
    concurrent: usize,
}

impl WorkerState for Limits {
    type StoreData = State;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.total {
            ShouldAccept::Never
        } else if concurrent >= self.concurrent {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        store: StoreContextMut<'_, State>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        // Fuel is only enabled when tracing.
        if let Ok(instructions_left) = store.get_fuel() {
            let State { trace, memory, .. } = store.data();
            let bytes = memory.bytes();
            trace.write(&Call::Handle {
                instructions_left,
                bytes,
            });
        }
        Box::pin(std::future::pending())
    }

    fn drop(&self, store: Store<State>, result: Result<()>) {
        if let Ok(instructions_left) = store.get_fuel() {
            let State { trace, memory, .. } = store.data();
            let bytes = memory.bytes();
            trace.write(&Call::Retire {
                instructions_left,
                bytes,
            });
        }
        if let Err(err) = result {
            eprintln!("An instance of the component failed: {err:#}");
        }
    }
}
