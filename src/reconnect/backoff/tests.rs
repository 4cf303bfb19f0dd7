use super::*;

const LEAST: u32 = 0;
const MOST: u32 = u32::MAX;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The attempt and the delay in milliseconds.
fn delay(next: Next, now: Duration) -> Result<(u32, u64), GaveUp> {
    match next {
        Next::Retry { attempt, at } => Ok((attempt, at.saturating_sub(now).as_millis() as u64)),
        Next::GiveUp(why) => Err(why),
    }
}

/// The bounds of the delay of each attempt of a row, of which all fail.
fn row(
    policy: Reconnect,
    first: RetryCause,
    spread: Option<u64>,
    length: usize,
) -> Vec<(u64, u64)> {
    let bounds = |random| {
        let mut backoff = Backoff::new(policy.clone());
        if let Some(spread) = spread {
            backoff.set_spread(ms(spread));
        }
        backoff.opened(ms(0));
        let mut now = ms(60_000);
        let mut lost = first;
        let mut delays = Vec::new();
        for number in 1..=length {
            let next = backoff.retry(now, lost, random);
            let Ok((attempt, millis)) = delay(next, now) else {
                break;
            };
            assert_eq!(attempt as usize, number);
            delays.push(millis);
            now += ms(millis + 10);
            lost = RetryCause::Failed(None);
        }
        delays
    };
    // The most is never reached: there is one millisecond less.
    let most = bounds(MOST)
        .into_iter()
        .map(|most| most.next_multiple_of(10));
    bounds(LEAST).into_iter().zip(most).collect()
}

#[test]
fn the_bounds_of_each_attempt() {
    let default = Reconnect::default;
    let alone = RetryCause::Local;
    let dropped = RetryCause::Closed(1006);
    let rows = [
        // The clients of a server that went away spread over a second; a page's own doing is repaired at once.
        (
            row(default(), dropped, None, 9),
            vec![
                (0, 1000),
                (500, 1000),
                (500, 1000),
                (1000, 2000),
                (2000, 4000),
                (4000, 8000),
                (8000, 16_000),
                (15_000, 30_000),
                (15_000, 30_000),
            ],
        ),
        (
            row(default(), alone, None, 3),
            vec![(0, 250), (500, 1000), (500, 1000)],
        ),
        (
            row(default().spread(ms(0)), alone, None, 4),
            vec![(0, 250), (250, 500), (500, 1000), (1000, 2000)],
        ),
        // The server's value replaces the policy's, and later attempts are not earlier than it.
        (
            row(default(), dropped, Some(60_000), 3),
            vec![(0, 60_000), (30_000, 60_000), (30_000, 60_000)],
        ),
        (
            row(default(), alone, Some(60_000), 2),
            vec![(0, 250), (30_000, 60_000)],
        ),
        (
            row(default(), RetryCause::Moved(ms(5000)), None, 2),
            vec![(5000, 6000), (500, 1000)],
        ),
        // Each knob at 0.
        (
            row(default().base_delay(ms(0)), dropped, None, 3),
            vec![(0, 1000), (500, 1000), (500, 1000)],
        ),
        (
            row(default().spread(ms(0)), dropped, None, 3),
            vec![(0, 0), (250, 500), (500, 1000)],
        ),
        (
            row(default().max_delay(ms(0)), dropped, None, 3),
            vec![(0, 1000), (500, 1000), (500, 1000)],
        ),
        (
            row(default().max_attempts(2), dropped, None, 9),
            vec![(0, 1000), (500, 1000)],
        ),
        (row(default().max_attempts(0), dropped, None, 9), vec![]),
        (row(default().max_elapsed(ms(0)), dropped, None, 9), vec![]),
        (row(default().final_codes([1006]), dropped, None, 9), vec![]),
    ];
    for (number, (is, expected)) in rows.into_iter().enumerate() {
        assert_eq!(is, expected, "row {number}");
    }
}

#[test]
fn no_duration_is_too_long() {
    let long = Duration::MAX;
    let policy = Reconnect::default()
        .base_delay(long)
        .max_delay(long)
        .spread(long);
    let mut backoff = Backoff::new(policy);
    let century = Duration::from_secs(100 * 365 * 86_400);
    for _ in 0..40 {
        let next = backoff.retry(long, RetryCause::Failed(Some(long)), MOST);
        assert!(matches!(next, Next::Retry { at, .. } if at > century));
    }
}

#[test]
fn the_count_starts_again_only_after_a_stable_connection() {
    let mut backoff = Backoff::new(Reconnect::default());
    for (opened, lost, attempt) in [
        (0, 4999, 1),
        (5000, 9000, 2),
        (10_000, 14_999, 3),
        (20_000, 25_000, 1),
        (30_000, 30_000, 2),
    ] {
        backoff.opened(ms(opened));
        let next = backoff.retry(ms(lost), RetryCause::Closed(1000), LEAST);
        assert_eq!(delay(next, ms(lost)).map(|next| next.0), Ok(attempt));
    }
}

#[test]
fn a_servers_delay_is_added_up_to_an_hour() {
    let mut backoff = Backoff::new(Reconnect::default());
    let mut after = |millis, random| {
        delay(
            backoff.retry(ms(0), RetryCause::Failed(Some(ms(millis))), random),
            ms(0),
        )
        .map(|next| next.1)
    };
    assert_eq!(after(7000, LEAST), Ok(7000));
    assert_eq!(after(7000, LEAST), Ok(7500));
    assert_eq!(after(7_200_000, LEAST), Ok(3_600_500));
}

#[test]
fn no_attempt_begins_after_the_time_that_is_set() {
    let policy = Reconnect::default().max_elapsed(ms(3000));
    let mut backoff = Backoff::new(policy);
    let mut lost = |now, lost, random| delay(backoff.retry(ms(now), lost, random), ms(now));
    assert_eq!(lost(1000, RetryCause::Closed(1006), MOST), Ok((1, 999)));
    assert_eq!(lost(2000, RetryCause::Failed(None), MOST), Ok((2, 999)));
    assert_eq!(lost(3100, RetryCause::Failed(None), LEAST), Ok((3, 500)));
    assert_eq!(
        lost(3600, RetryCause::Failed(None), LEAST),
        Err(GaveUp::MaxElapsed)
    );
}

#[test]
fn only_the_codes_that_are_named_are_final() {
    let policy = Reconnect::default().final_codes([4001, 4003]);
    for code in [
        1000, 1001, 1005, 1006, 1008, 1011, 1012, 1013, 4000, 4001, 4003,
    ] {
        let next = Backoff::new(policy.clone()).retry(ms(0), RetryCause::Closed(code), LEAST);
        let expected = match code {
            4001 | 4003 => Err(GaveUp::FinalCode),
            _ => Ok((1, 0)),
        };
        assert_eq!(delay(next, ms(0)), expected, "{code}");
    }
}

#[test]
fn an_attempt_that_is_hurried_counts_once() {
    let mut backoff = Backoff::new(Reconnect::default());
    backoff.retry(ms(0), RetryCause::Closed(1006), MOST);
    assert_eq!(
        backoff.hurry(ms(10)),
        Next::Retry {
            attempt: 1,
            at: ms(10)
        }
    );
    let next = backoff.retry(ms(20), RetryCause::Failed(None), LEAST);
    assert_eq!(delay(next, ms(20)), Ok((2, 500)));
}
