namespace ArrowCid.Native;

/// <summary>Items that a caller reads in portions.</summary>
internal abstract class Listing : OneAtATime
{
    protected override string Noun => "listing";

    public abstract void Close();

    /// <summary>Gives the next items of a listing.</summary>
    /// <returns>The code.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the handle is no listing of such
    /// items, or there is no space for one.</exception>
    public static unsafe int Next<T>(long handle, Span<T> target, long* count) where T : unmanaged
    {
        var listing = Handles.Get<Listing>(handle) as Listing<T>
            ?? throw NativeError.Invalid($"{handle} is a listing of other items");
        if (target.IsEmpty) throw NativeError.Invalid("there is no space for an item");
        Argument.NotNull(count, nameof(count));
        // SAFETY: the caller lends the number for the call.
        *count = 0;
        using OneAtATime.Turn turn = listing.Take();
        *count = listing.Next(target);
        return *count == 0 ? NativeError.Nothing : NativeError.Ok;
    }
}

/// <summary>A listing of structs.</summary>
internal abstract class Listing<T> : Listing where T : unmanaged
{
    /// <returns>The number of items; 0 at the end.</returns>
    public abstract int Next(Span<T> target);
}
