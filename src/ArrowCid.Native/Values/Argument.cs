namespace ArrowCid.Native;

/// <summary>What is wrong with an argument is said before it is used.</summary>
internal static unsafe class Argument
{
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is NULL.</exception>
    public static void NotNull(void* pointer, string name)
    {
        if (pointer is null) throw NativeError.Invalid($"'{name}' is NULL");
    }

    /// <summary>An array of the caller's with a length.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is NULL, or the length
    /// negative; <see cref="ErrorCode.TooLarge"/>: more than 2^31 - 1.</exception>
    public static Span<T> Array<T>(T* array, long count, string name) where T : unmanaged
    {
        if (count < 0) throw NativeError.Invalid($"'{name}' has {count} elements");
        if (count > 0) NotNull(array, name);
        if (count > int.MaxValue)
            throw new ArrowCidException(ErrorCode.TooLarge, $"'{name}' has {count} elements, over 2^31 - 1");
        // SAFETY: the caller promises that many elements at the address, for the duration of the call.
        return new Span<T>(array, (int)count);
    }

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is open for reading
    /// only.</exception>
    public static CidStore WritableStore(long handle)
    {
        CidStore store = Handles.Get<CidStore>(handle);
        return store.IsReadOnly
            ? throw NativeError.Invalid("the store is open for reading only")
            : store;
    }

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/> or
    /// <see cref="ErrorCode.InvalidCid"/>.</exception>
    public static Cid Cid(CidBytes* cid, string name = "cid")
    {
        NotNull(cid, name);
        return cid->Read();
    }
}
