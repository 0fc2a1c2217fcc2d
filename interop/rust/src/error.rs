//! What can go wrong.

use std::fmt;

/// The result of a call.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong: a stable code, and words for people that say what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    code: ErrorCode,
    message: String,
}

impl Error {
    pub(crate) fn new(code: ErrorCode, message: String) -> Self {
        Self { code, message }
    }

    /// The code, for programs to branch on.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The words.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.message, self.code)
    }
}

impl std::error::Error for Error {}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// What went wrong, as a stable code. The numbers are those of every ArrowCid library; new ones may come.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            /// `libarrowcid.so` cannot be loaded, or has another ABI. The only code that is this crate's own.
            NoLibrary,
            $($(#[$doc])* $name,)*
            /// A code that a newer library gave.
            Other(i32),
        }

        impl ErrorCode {
            /// The number, as the C ABI gives it; 0 for [`ErrorCode::NoLibrary`].
            pub fn number(self) -> i32 {
                match self {
                    Self::NoLibrary => 0,
                    $(Self::$name => $number,)*
                    Self::Other(number) => number,
                }
            }

            pub(crate) fn from_number(number: i32) -> Self {
                match number {
                    $($number => Self::$name,)*
                    other => Self::Other(other),
                }
            }
        }
    };
}

codes! {
    /// A fault in ArrowCid itself.
    Internal = 1,
    /// An argument that the caller can correct; a closed handle.
    InvalidArgument = 2,
    /// A text that is not a CID.
    InvalidCid = 3,
    /// A batch does not have the schema that was asked for.
    SchemaMismatch = 4,
    /// Well formed, but a codec, type or feature that is not handled here.
    Unsupported = 5,
    /// No block of that CID is in the store.
    BlockNotFound = 6,
    /// No such name.
    NameNotFound = 7,
    /// The name is taken.
    NameExists = 8,
    /// A compare-and-swap of a name found another value.
    NameConflict = 9,
    /// Stored bytes do not hash to their CID.
    BlockCorrupt = 10,
    /// Foreign bytes break their format's rules.
    InvalidData = 11,
    /// A readable stream that is not in the canonical form.
    NotCanonical = 12,
    /// The store met an I/O error before; close and open it again.
    StoreFaulted = 13,
    /// The store was made by a version that this one cannot handle.
    FormatVersion = 14,
    /// No space for the block within the store's capacity.
    StoreFull = 15,
    /// The index is full and cannot grow now.
    IndexFull = 16,
    /// Over a limit of the format, or of the caller's buffer.
    TooLarge = 17,
    /// A cursor points before what is still there.
    SubscriberLagged = 18,
    /// Another caller holds what is needed; a retry may help.
    Busy = 19,
    /// The store's directory was removed while it was open, or it is not there and had to be.
    StoreGone = 20,
    /// The process forked after the library was loaded; start children with exec (`std::process::Command` does).
    Forked = 21,
    /// A file or store may not be opened.
    AccessDenied = 22,
    /// A file could not be read or written.
    Io = 23,
    /// The machine has no more of something: disk space, quota, or open files.
    ResourceExhausted = 24,
    /// The database or the object store of a pool does not answer; a retry may help.
    PoolUnavailable = 25,
    /// The lease of this member of a pool has ended; it must join again.
    MemberFenced = 26,
}
