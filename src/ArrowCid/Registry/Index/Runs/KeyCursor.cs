namespace ArrowCid.Registry;

/// <summary>Keys of a section within bounds, one after the other, in either direction.</summary>
internal abstract class KeyCursor
{
    /// <summary>The key that the cursor stands at, while it is not moved.</summary>
    public abstract ReadOnlySpan<byte> Key { get; }

    /// <summary>Its value.</summary>
    public abstract ReadOnlySpan<byte> Value { get; }

    /// <summary>Goes to the first key, then to the next.</summary>
    /// <returns>False after the last one.</returns>
    public abstract bool Next();
}
