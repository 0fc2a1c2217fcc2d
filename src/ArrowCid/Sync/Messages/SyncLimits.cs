namespace ArrowCid.Sync;

/// <summary>The limits of messages and sessions, for both sides alike (<c>SYNC.md</c>, Limits).</summary>
internal static class SyncLimits
{
    /// <summary>The most bytes of a message.</summary>
    public const int MessageBytes = 4 << 20;

    /// <summary>The bytes of a part of a block.</summary>
    public const int PartBytes = 1 << 20;

    /// <summary>The most digests of a message.</summary>
    public const int Digests = 1 << 16;

    /// <summary>The most symbols of a request, and of an answer.</summary>
    public const int Symbols = 1 << 16;

    /// <summary>The first symbol that may be asked for at most.</summary>
    public const int GroupSymbols = 1 << 24;

    /// <summary>Sets of at most this number of items are listed at once.</summary>
    public const int Listed = 2048;

    /// <summary>The most bytes of a block that is pushed in parts, which the receiver holds until it is
    /// whole.</summary>
    public const int PushedBlockBytes = 256 << 20;

    /// <summary>The most items of a tail; with more the sets are compared.</summary>
    public const int Tail = 1 << 20;

    /// <summary>The most symbols of a group, over which it is listed.</summary>
    /// <param name="items">The items of both sides.</param>
    public static int SymbolsOf(long items) => (int)Math.Min(GroupSymbols, 64 + (3 * items));
}
