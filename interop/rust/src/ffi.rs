//! The C ABI of libarrowcid (`arrowcid.h`), loaded at run time.

use crate::array::{ArrowArray, ArrowArrayStream, ArrowSchema};
use crate::error::{Error, ErrorCode, Result};
use std::ffi::{c_char, c_int, c_void, CStr, CString};
use std::path::PathBuf;
use std::sync::OnceLock;

/// The version of the ABI that these declarations are written against.
const ABI: u32 = 1;

/// What a function returns where nothing is there, and that is no fault.
pub(crate) const NOTHING: i32 = -1;

pub(crate) type Handle = i64;

#[repr(C)]
pub(crate) struct ErrorRecord {
    code: i32,
    message: [c_char; 1020],
}

impl ErrorRecord {
    pub(crate) fn new() -> Self {
        Self { code: 0, message: [0; 1020] }
    }

    fn text(&self) -> String {
        let bytes: Vec<u8> = self.message.iter().take_while(|c| **c != 0).map(|c| *c as u8).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct RawBlock {
    pub cid: [u8; 36],
    pub schema_cid: [u8; 36],
    pub rows: i64,
    pub length: i64,
    pub time_ns: i64,
    pub kind: i32,
    pub is_new: i16,
    pub is_repaired: i16,
}

impl RawBlock {
    pub(crate) const EMPTY: Self =
        Self { cid: [0; 36], schema_cid: [0; 36], rows: 0, length: 0, time_ns: 0, kind: 0, is_new: 0, is_repaired: 0 };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct RawName {
    pub cid: [u8; 36],
    pub kind: i32,
    pub time_ns: i64,
    pub name: [u8; 256],
}

impl RawName {
    pub(crate) const EMPTY: Self = Self { cid: [0; 36], kind: 0, time_ns: 0, name: [0; 256] };
}

#[repr(C)]
#[derive(Default)]
pub(crate) struct RawRemoval {
    pub removed: i64,
    pub kept: i64,
    pub length: i64,
}

#[repr(C)]
pub(crate) struct RawOptions {
    pub size: i64,
    pub capacity: i64,
    pub segment_size: i64,
    pub timeout_ms: i64,
    pub durability: i32,
    pub verify: i32,
    pub retention: i32,
    pub flags: i32,
}

#[repr(C)]
pub(crate) struct RawColumn {
    pub validity: *mut u8,
    pub validity_length: i64,
    pub values: *mut u8,
    pub values_length: i64,
    pub offsets: *mut u8,
    pub offsets_length: i64,
    pub data: *mut u8,
    pub data_length: i64,
}

impl RawColumn {
    pub(crate) const EMPTY: Self = Self {
        validity: std::ptr::null_mut(),
        validity_length: 0,
        values: std::ptr::null_mut(),
        values_length: 0,
        offsets: std::ptr::null_mut(),
        offsets_length: 0,
        data: std::ptr::null_mut(),
        data_length: 0,
    };
}

#[repr(C)]
pub(crate) struct RawEvent {
    pub block: RawBlock,
    pub kind: i32,
    pub lane: i32,
    pub gap_reason: i32,
    pub reserved: i32,
    pub gap_first: i64,
    pub gap_last: i64,
}

/// Declares the functions once: as the fields of [`Api`], and as the names that are looked up.
macro_rules! functions {
    ($($name:ident($($type:ty),*) -> $result:ty;)*) => {
        pub(crate) struct Api {
            $(pub $name: unsafe extern "C" fn($($type),*) -> $result,)*
        }

        impl Api {
            /// # Safety
            /// `library` is a handle of `dlopen`, and what it exports has the types of `arrowcid.h`.
            unsafe fn bind(library: *mut c_void) -> std::result::Result<Self, String> {
                Ok(Self {
                    $($name: {
                        let name = concat!("arrowcid_", stringify!($name), "\0");
                        // SAFETY: the handle is open and the name ends with a NUL.
                        let address = unsafe { dlsym(library, name.as_ptr().cast()) };
                        if address.is_null() {
                            return Err(format!("it has no function {}", name.trim_end_matches('\0')));
                        }
                        // SAFETY: the function has this type by `arrowcid.h`; a pointer to data and one to a function
                        // have one size where dlsym exists.
                        unsafe { std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($type),*) -> $result>(address) }
                    },)*
                })
            }
        }
    };
}

functions! {
    abi() -> u32;
    version() -> *const c_char;
    hash_path() -> *const c_char;
    cid_parse(*const c_char, *mut [u8; 36], *mut ErrorRecord) -> i32;
    open(*const c_char, *const RawOptions, *mut Handle, *mut ErrorRecord) -> i32;
    close(Handle, *mut ErrorRecord) -> i32;
    directory(Handle, *mut c_char, i64, *mut i64, *mut ErrorRecord) -> i32;
    flush(Handle, *mut ErrorRecord) -> i32;
    put_array(Handle, *const ArrowSchema, *const ArrowArray, *const c_char, *mut RawBlock, *mut ErrorRecord) -> i32;
    put_arrays(Handle, *const ArrowSchema, *const *const ArrowArray, i64, *mut RawBlock, *mut ErrorRecord) -> i32;
    put_stream(Handle, *mut ArrowArrayStream, *const c_char, *mut RawBlock, i64, *mut i64, *mut ErrorRecord) -> i32;
    put_ipc(Handle, *const u8, i64, *const c_char, *mut RawBlock, i64, *mut i64, *mut ErrorRecord) -> i32;
    put_raw(Handle, *const u8, i64, *const c_char, *mut RawBlock, *mut ErrorRecord) -> i32;
    put_dataset(Handle, *const [u8; 36], i64, *const c_char, *const c_char, *mut RawBlock, *mut ErrorRecord) -> i32;
    put_table(Handle, *mut ArrowArrayStream, *const c_char, *const c_char, *mut RawBlock, *mut ErrorRecord) -> i32;
    dataset_batches(Handle, *const [u8; 36], *mut [u8; 36], i64, *mut i64, *mut ErrorRecord) -> i32;
    names(Handle, *mut Handle, *mut ErrorRecord) -> i32;
    names_next(Handle, *mut RawName, i64, *mut i64, *mut ErrorRecord) -> i32;
    reserve(Handle, *const ArrowSchema, i64, *const i64, *mut Handle, *mut ErrorRecord) -> i32;
    reserved_column(Handle, i32, *mut RawColumn, *mut ErrorRecord) -> i32;
    reserved_validity(Handle, i32, *mut *mut u8, *mut i64, *mut ErrorRecord) -> i32;
    commit(Handle, *mut RawBlock, *mut ErrorRecord) -> i32;
    abandon(Handle, *mut ErrorRecord) -> i32;
    get(Handle, *const [u8; 36], *mut Handle, *mut ErrorRecord) -> i32;
    lease_block(Handle, *mut *const u8, *mut i64, *mut RawBlock, *mut ErrorRecord) -> i32;
    lease_array(Handle, *mut ArrowSchema, *mut ArrowArray, *mut ErrorRecord) -> i32;
    release_lease(Handle, *mut ErrorRecord) -> i32;
    get_array(Handle, *const [u8; 36], *mut ArrowSchema, *mut ArrowArray, *mut ErrorRecord) -> i32;
    get_schema(Handle, *const [u8; 36], *mut ArrowSchema, *mut ErrorRecord) -> i32;
    get_stream(Handle, *const [u8; 36], i64, *mut ArrowArrayStream, *mut ErrorRecord) -> i32;
    find(Handle, *const [u8; 36], *mut RawBlock, *mut ErrorRecord) -> i32;
    contains(Handle, *const [u8; 36], i64, *mut u8, *mut ErrorRecord) -> i32;
    list(Handle, *const c_char, *mut Handle, *mut ErrorRecord) -> i32;
    list_next(Handle, *mut RawBlock, i64, *mut i64, *mut ErrorRecord) -> i32;
    list_close(Handle, *mut ErrorRecord) -> i32;
    describe(Handle, *const [u8; 36], *mut c_char, i64, *mut i64, *mut ErrorRecord) -> i32;
    set_name(Handle, *const c_char, *const [u8; 36], *const [u8; 36], i32, *mut ErrorRecord) -> i32;
    resolve_name(Handle, *const c_char, *mut [u8; 36], *mut ErrorRecord) -> i32;
    annotate(Handle, *const [u8; 36], *const c_char, *mut ErrorRecord) -> i32;
    pin(Handle, *const [u8; 36], *mut ErrorRecord) -> i32;
    unpin(Handle, *const [u8; 36], *mut ErrorRecord) -> i32;
    remove(Handle, *const [u8; 36], i64, *mut i64, *mut ErrorRecord) -> i32;
    remove_forced(Handle, *const [u8; 36], i64, *mut i64, *mut ErrorRecord) -> i32;
    put_together(Handle, *const ArrowSchema, *const *const ArrowArray, i64, *const c_char, *mut RawBlock, *mut ErrorRecord) -> i32;
    put_directory(Handle, *const c_char, *const c_char, *mut RawBlock, *mut ErrorRecord) -> i32;
    directory_files(Handle, *const [u8; 36], *mut c_char, i64, *mut i64, *mut ErrorRecord) -> i32;
    write_parquet(Handle, *const [u8; 36], i64, i32, *mut i64, *mut ErrorRecord) -> i32;
    write_catalog(Handle, *const c_char, i32, *mut i64, *mut ErrorRecord) -> i32;
    put_raws(Handle, *const *const u8, *const i64, i64, *const c_char, *mut RawBlock, *mut ErrorRecord) -> i32;
    get_many(Handle, *const [u8; 36], i64, *mut Handle, *mut ErrorRecord) -> i32;
    annotate_many(Handle, *const [u8; 36], i64, *const *const c_char, i64, *mut i64, *mut ErrorRecord) -> i32;
    touch(Handle, *const [u8; 36], i64, i64, *mut ErrorRecord) -> i32;
    list_all(Handle, *const c_char, *mut RawBlock, i64, *mut i64, *mut ErrorRecord) -> i32;
    remove_where(Handle, *const c_char, i32, *mut RawRemoval, *mut ErrorRecord) -> i32;
    verify(Handle, *const [u8; 36], *mut ErrorRecord) -> i32;
    check(*const u8, i64, *mut [u8; 36], *mut ErrorRecord) -> i32;
    cid_of_array(*const ArrowSchema, *const ArrowArray, *mut [u8; 36], *mut ErrorRecord) -> i32;
    cid_of_ipc(*const u8, i64, *mut [u8; 36], i64, *mut i64, *mut ErrorRecord) -> i32;
    watch(Handle, *const c_char, *mut Handle, *mut ErrorRecord) -> i32;
    watch_names(Handle, *const c_char, *const c_char, *mut Handle, *mut ErrorRecord) -> i32;
    watch_name(Handle, *mut c_char, i64, *mut i64, *mut ErrorRecord) -> i32;
    watch_fd(Handle, *mut i32, *mut ErrorRecord) -> i32;
    watch_next(Handle, i64, *mut RawEvent, *mut ErrorRecord) -> i32;
    watch_cursor(Handle, *mut c_char, i64, *mut i64, *mut ErrorRecord) -> i32;
    watch_close(Handle, *mut ErrorRecord) -> i32;
}

extern "C" {
    fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    fn dlerror() -> *const c_char;
}

const RTLD_NOW: c_int = 2;

/// The library, loaded by the first call. It stays loaded until the process ends: its runtime cannot be unloaded.
pub(crate) fn api() -> Result<&'static Api> {
    static API: OnceLock<std::result::Result<Api, String>> = OnceLock::new();
    API.get_or_init(load).as_ref().map_err(|why| Error::new(ErrorCode::NoLibrary, why.clone()))
}

fn load() -> std::result::Result<Api, String> {
    let path = library_path();
    let name =
        CString::new(path.to_string_lossy().into_owned()).map_err(|_| "ARROWCID_LIBRARY has a NUL".to_string())?;
    // SAFETY: the path ends with a NUL; the library's start-up code is the .NET runtime's own.
    let library = unsafe { dlopen(name.as_ptr(), RTLD_NOW) };
    if library.is_null() {
        // SAFETY: dlerror gives NULL or a text that stays until the next dl call of this thread.
        let why = unsafe { dlerror().as_ref().map(|text| CStr::from_ptr(text).to_string_lossy().into_owned()) };
        return Err(format!(
            "cannot load libarrowcid: {}; set ARROWCID_LIBRARY to the path of libarrowcid.so",
            why.unwrap_or_default()
        ));
    }
    // SAFETY: the handle is open; what a library of that name exports is checked by the number of its ABI.
    let api = unsafe { Api::bind(library) }.map_err(|why| format!("{}: {why}", path.display()))?;
    // SAFETY: takes nothing, gives a number.
    match unsafe { (api.abi)() } {
        ABI => Ok(api),
        other => Err(format!("{} has ABI {other}; this crate needs {ABI}", path.display())),
    }
}

/// `ARROWCID_LIBRARY`, else the library beside the program, else whatever the loader finds.
fn library_path() -> PathBuf {
    const NAME: &str = "libarrowcid.so";
    if let Some(path) = std::env::var_os("ARROWCID_LIBRARY").filter(|path| !path.is_empty()) {
        return path.into();
    }
    let beside = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join(NAME)));
    beside.filter(|path| path.exists()).unwrap_or_else(|| NAME.into())
}

/// Calls a function of the library, with the record that it writes its error into.
pub(crate) fn call(function: impl FnOnce(&'static Api, *mut ErrorRecord) -> i32) -> Result<()> {
    status(function).map(|_| ())
}

/// The same where [`NOTHING`] is an answer: false.
pub(crate) fn status(function: impl FnOnce(&'static Api, *mut ErrorRecord) -> i32) -> Result<bool> {
    let mut error = ErrorRecord::new();
    match function(api()?, &mut error) {
        0 => Ok(true),
        NOTHING => Ok(false),
        code => Err(Error::new(ErrorCode::from_number(code), error.text())),
    }
}

/// Calls a function whose answer may be absence, which it says by an error of the code `absent`.
pub(crate) fn present(absent: ErrorCode, function: impl FnOnce(&'static Api, *mut ErrorRecord) -> i32) -> Result<bool> {
    match call(function) {
        Ok(()) => Ok(true),
        Err(error) if error.code() == absent => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads a text by a function that takes (buffer, capacity, needed).
pub(crate) fn text(
    mut function: impl FnMut(&'static Api, *mut c_char, i64, *mut i64, *mut ErrorRecord) -> i32,
) -> Result<String> {
    let mut buffer: Vec<u8> = vec![0; 512];
    loop {
        let mut needed: i64 = 0;
        let result =
            call(|api, error| function(api, buffer.as_mut_ptr().cast(), buffer.len() as i64, &mut needed, error));
        match result {
            Ok(()) => {
                let end = buffer.iter().position(|byte| *byte == 0).unwrap_or(buffer.len());
                buffer.truncate(end);
                return Ok(String::from_utf8_lossy(&buffer).into_owned());
            }
            Err(error) if error.code() == ErrorCode::TooLarge && needed > buffer.len() as i64 => {
                buffer.resize(needed as usize, 0);
            }
            Err(error) => return Err(error),
        }
    }
}

/// A text of ours on its way to the library.
pub(crate) fn c_text(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::new(ErrorCode::InvalidArgument, "a text has a NUL in it".into()))
}

/// The address of a text, or NULL.
pub(crate) fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::size_of;

    #[test]
    fn structs_have_the_sizes_of_the_header() {
        assert_eq!(1024, size_of::<ErrorRecord>());
        assert_eq!(104, size_of::<RawBlock>());
        assert_eq!(304, size_of::<RawName>());
        assert_eq!(24, size_of::<RawRemoval>());
        assert_eq!(48, size_of::<RawOptions>());
        assert_eq!(64, size_of::<RawColumn>());
        assert_eq!(136, size_of::<RawEvent>());
        assert_eq!(72, size_of::<ArrowSchema>());
        assert_eq!(80, size_of::<ArrowArray>());
    }
}
