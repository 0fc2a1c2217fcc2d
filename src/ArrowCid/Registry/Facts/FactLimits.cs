namespace ArrowCid.Registry;

/// <summary>What a fact may take at most (<c>FACTS.md</c>, Limits); more is refused where it is said and void where it
/// is read.</summary>
internal static class FactLimits
{
    public const int MaxRecordBytes = 65_536;
    public const int MaxTags = 256;
    public const int MaxTagKeyBytes = 128;
    public const int MaxTagValueBytes = 1024;
    public const int MaxProducerBytes = 256;
    public const int MaxParents = 512;
    public const int MaxLocations = 32;
    public const int MaxLocationBytes = 1024;
    public const int MaxJsonBytes = 32_768;
    public const int MaxJsonDepth = 32;
    public const int MaxNameBytes = 255;
    public const int MaxFormBytes = 128;
    public const int MaxSyncCursorBytes = 4096;
    public const int MaxBlockKind = 7;
    public const int MaxConsumerBytes = 255;
    public const int MaxConsumerCursorBytes = 16_384;
    public const int MaxAckedAhead = 1024;
    public const int MaxHeads = 512;
    public const int MaxHeld = 1024;
    public const int MaxLanes = 64;
    public const int MaxDropped = 1024;

    /// <summary>An expiry is refused where it lies further in the past: within it clocks of machines differ, and the
    /// call takes its time.</summary>
    public static readonly TimeSpan MaxPastExpiry = TimeSpan.FromMinutes(1);

    public const int MaxRemoved = 512;
    public const int MaxRemoverBytes = 256;

    /// <summary>A fact is refused where its time is so far ahead of the wall clock.</summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromHours(1);

    /// <summary>A fact is void if its time is this far ahead of its record's: the same at every reading, and with
    /// tolerance for a wall clock that was set back between the two.</summary>
    public static readonly TimeSpan VoidAhead = TimeSpan.FromHours(24);

    /// <summary>The last millisecond that a <see cref="DateTimeOffset"/> has.</summary>
    public const ulong MaxMilliseconds = 253_402_300_799_999;
}
