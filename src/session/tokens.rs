//! Resume tokens, hashed. The last confirmed one and the newest issued one are valid (`WIRE.md`, "Tokens").
//!
//! | event | confirmed | newest |
//! | --- | --- | --- |
//! | a new session | none | issued |
//! | the client's `ACK` after `WELCOME` | the newest | stays |
//! | a resume with a valid token | the one presented | issued |

use super::Secret;

/// Hashes a token, so that a reader of the store cannot resume. Tokens are 128 random bits, so any preimage-resistant hash is enough.
pub type TokenHash = fn(&[u8; 16]) -> [u8; 32];

#[derive(Default)]
pub(crate) struct Tokens {
    confirmed: Option<[u8; 32]>,
    newest: [u8; 32],
}

/// The token that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presented {
    Confirmed,
    Newest,
}

impl Tokens {
    pub(crate) fn issue(first: Secret, hash: TokenHash) -> Self {
        Self {
            confirmed: None,
            newest: hash(&first.0),
        }
    }

    /// Which valid token this is; `None` if it is not valid. Takes the same time for every token.
    pub(crate) fn check(&self, token: [u8; 32]) -> Option<Presented> {
        let newest = same(&self.newest, &token);
        let confirmed = same(&self.confirmed.unwrap_or(self.newest), &token);
        match (newest, confirmed) {
            (true, _) => Some(Presented::Newest),
            (false, true) => Some(Presented::Confirmed),
            (false, false) => None,
        }
    }

    /// The client has the newest token.
    pub(crate) fn confirm(&mut self) {
        self.confirmed = Some(self.newest);
    }

    /// A resume presented this valid token and gets a new one. The presented one stays valid until the new one is confirmed.
    pub(crate) fn rotate(&mut self, presented: [u8; 32], issued: Secret, hash: TokenHash) {
        self.confirmed = Some(presented);
        self.newest = hash(&issued.0);
    }
}

/// Compares without stopping at the first difference.
fn same(left: &[u8; 32], right: &[u8; 32]) -> bool {
    let differing = left
        .iter()
        .zip(right)
        .fold(0, |differing, (left, right)| differing | (left ^ right));
    core::hint::black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(token: &[u8; 16]) -> [u8; 32] {
        let mut hash = [0; 32];
        hash[..16].copy_from_slice(token);
        hash
    }

    #[test]
    fn the_confirmed_and_the_newest_are_valid_and_no_older_one() {
        let token = |number| Secret([number; 16]);
        let check = |tokens: &Tokens, number| tokens.check(plain(&token(number).0));
        let mut tokens = Tokens::issue(token(1), plain);
        assert_eq!(check(&tokens, 1), Some(Presented::Newest));
        assert_eq!(check(&tokens, 2), None);
        tokens.confirm();
        // `WELCOME` is lost twice: the first token works for both resumes.
        for issued in [2, 3] {
            tokens.rotate(plain(&token(1).0), token(issued), plain);
            assert_eq!(check(&tokens, 1), Some(Presented::Confirmed));
            assert_eq!(check(&tokens, issued), Some(Presented::Newest));
        }
        assert_eq!(check(&tokens, 2), None);
        tokens.confirm();
        assert_eq!(check(&tokens, 1), None);
        assert_eq!(check(&tokens, 3), Some(Presented::Newest));
        // Presenting the newest token confirms it as well.
        tokens.rotate(plain(&token(3).0), token(4), plain);
        assert_eq!(check(&tokens, 3), Some(Presented::Confirmed));
    }
}
