//! What ends the program, or is passed on to its command. Listened for from construction on, so that none is missed.

#[cfg(unix)]
pub(crate) use unix::Signals;

#[cfg(not(unix))]
pub(crate) use other::Signals;

#[cfg(unix)]
mod unix {
    use rustix::process::{Pid, Signal as Number, kill_process};
    use std::future::poll_fn;
    use std::io::{self, IsTerminal as _, stdin};
    use std::task::Poll;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// Those that are listened for.
    pub(crate) struct Signals(Vec<(Signal, Number)>);

    /// One that came.
    pub(crate) struct Came(Number);

    impl Signals {
        /// SIGINT and SIGTERM; for a command also SIGHUP and SIGQUIT, which otherwise do as they always do.
        pub(crate) fn listen(for_command: bool) -> io::Result<Self> {
            let ours = [
                (SignalKind::interrupt(), Number::INT),
                (SignalKind::terminate(), Number::TERM),
            ];
            let theirs = [
                (SignalKind::hangup(), Number::HUP),
                (SignalKind::quit(), Number::QUIT),
            ];
            ours.into_iter()
                .chain(theirs.into_iter().filter(|_| for_command))
                .map(|(kind, number)| Ok((signal(kind)?, number)))
                .collect::<Result<_, _>>()
                .map(Self)
        }

        /// Returns when one comes.
        pub(crate) async fn next(&mut self) -> Came {
            poll_fn(|cx| {
                let came = self.0.iter_mut().find_map(|(signal, number)| {
                    signal.poll_recv(cx).is_ready().then_some(*number)
                });
                came.map_or(Poll::Pending, |number| Poll::Ready(Came(number)))
            })
            .await
        }
    }

    impl Came {
        /// Sends the same to a child of ours.
        pub(crate) fn pass_on(&self, id: u32) {
            // What is typed at a terminal goes to all who run in front of it: it would come twice.
            if matches!(self.0, Number::INT | Number::QUIT) && stdin().is_terminal() {
                return;
            }
            if let Some(pid) = Pid::from_raw(id.cast_signed()) {
                // It may have ended just now.
                let _ = kill_process(pid, self.0);
            }
        }
    }
}

/// Where there are no signals: Ctrl-C.
#[cfg(not(unix))]
mod other {
    pub(crate) struct Signals;

    pub(crate) struct Came;

    impl Signals {
        pub(crate) fn listen(_for_command: bool) -> std::io::Result<Self> {
            Ok(Self)
        }

        pub(crate) async fn next(&mut self) -> Came {
            let _ = tokio::signal::ctrl_c().await;
            Came
        }
    }

    impl Came {
        /// It goes to a command by itself.
        pub(crate) fn pass_on(&self, _id: u32) {}
    }
}
