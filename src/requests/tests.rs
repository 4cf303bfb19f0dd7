use super::*;
use std::sync::Arc;

fn response(to: u64) -> SessionMessage {
    SessionMessage {
        index: 0,
        head: Head::Response { text: true, to },
        payload: "answer".into(),
    }
}

fn sent(requests: &Requests, index: u64) -> u64 {
    let name = requests.open().unwrap_or(0);
    let load = Load::new(Kind::Request(name), "question".into());
    assert_eq!(requests.push(&load, |_, _| Ok(index)), Ok(()));
    name
}

#[test]
fn an_answer_reaches_its_request_and_another_one_is_counted() {
    let requests = Requests::default();
    let (first, second) = (sent(&requests, 3), sent(&requests, 7));
    assert!(requests.hear(response(7)).is_none());
    let waker = Waker::noop();
    assert!(matches!(
        requests.poll_answer(second, waker),
        Poll::Ready(Answer::Value(_))
    ));
    assert!(requests.poll_answer(first, waker).is_pending());
    let woken = requests.hear(response(7));
    assert!(woken.is_none());
    assert_eq!(requests.unawaited(), 1);
    assert!(requests.hear(response(3)).is_some());
}

#[test]
fn a_forgotten_request_is_cancelled_only_if_it_was_sent() {
    let requests = Requests::default();
    let name = sent(&requests, 5);
    requests.forget(name);
    let orders = requests.take_orders(Waker::noop());
    assert_eq!(orders, [Order::Cancel { to: 5 }]);
    let name = requests.open().unwrap_or(0);
    requests.forget(name);
    let load = Load::new(Kind::Request(name), "question".into());
    assert_eq!(requests.push(&load, |_, _| Err(Unsendable::Full)), Ok(()));
    assert!(requests.take_orders(Waker::noop()).is_empty());
}

#[test]
fn there_is_a_bound_in_each_direction() {
    let requests = Arc::new(Requests::default());
    let names: Vec<u64> = (0..MOST).filter_map(|_| requests.open().ok()).collect();
    assert_eq!(requests.open(), Err(Unopened::TooMany));
    requests.forget(names.first().copied().unwrap_or(0));
    assert!(requests.open().is_ok());
    let asked = |index| Asked::new(&requests, index, "question".into());
    let mut kept: Vec<_> = (0..MOST as u64).filter_map(asked).collect();
    assert!(asked(MOST as u64).is_none());
    kept.pop();
    assert!(asked(MOST as u64).is_some());
}

#[test]
fn what_belongs_to_a_lost_session_touches_no_later_one() {
    let requests = Arc::new(Requests::default());
    let (never, doubtful) = (sent(&requests, 1), sent(&requests, 0));
    let waiting = requests.open().unwrap_or(0);
    let asked = Asked::new(&requests, 0, "question".into());
    assert!(requests.lose(vec![(1, "question".into())]).is_empty());
    let waker = Waker::noop();
    assert!(matches!(
        requests.poll_answer(never, waker),
        Poll::Ready(Answer::Lost {
            in_doubt: false,
            message: Some(_)
        })
    ));
    assert!(matches!(
        requests.poll_answer(doubtful, waker),
        Poll::Ready(Answer::Lost { in_doubt: true, .. })
    ));
    assert!(requests.poll_answer(waiting, waker).is_pending());
    let later = Asked::new(&requests, 0, "question".into());
    assert!(asked.is_some_and(|asked| !asked.is_awaited()));
    assert!(requests.take_orders(waker).is_empty());
    assert!(later.is_some_and(|asked| asked.is_awaited()));
    assert_eq!(requests.take_orders(waker).len(), 1);
}
