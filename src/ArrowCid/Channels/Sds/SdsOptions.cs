namespace ArrowCid.Channels.Sds;

/// <summary>Options of an <see cref="SdsParticipant"/>. The defaults are those of the dialect's own implementation,
/// where nothing else is said.</summary>
public sealed record SdsOptions
{
    /// <summary>The form of the messages.</summary>
    public SdsDialect Dialect { get; init; } = SdsDialect.Rfc;

    /// <summary>Where the state is kept; <see langword="null"/>: in memory alone.</summary>
    public ISdsStorage? Storage { get; init; }

    /// <summary>Is called for each event: one at a time, in order, outside of all locks, on the thread of a call. It
    /// may call the participant. What it throws reaches the caller of that call; later events come with the next
    /// one.</summary>
    public Action<SdsEvent>? OnEvent { get; init; }

    /// <summary>Returns the retrieval hint of a message of the causal history: channel, message. At most 1,024 bytes;
    /// empty for none. It is called within <see cref="SdsParticipant.Wrap"/> and must not call the
    /// participant.</summary>
    public Func<string, string, ReadOnlyMemory<byte>>? RetrievalHint { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How many messages a causal history names: 1 to 1,024; <see langword="null"/>: 10
    /// (<see cref="SdsDialect.Nim"/>) or 200 (<see cref="SdsDialect.Rfc"/>).</summary>
    public int? CausalHistory { get; init; }

    /// <summary>How many delivered messages a channel keeps: it can send them again. The ids of older ones are known
    /// for another 1,048,576 messages.</summary>
    public int History { get; init; } = 1_000;

    /// <summary>The number of messages that the Bloom filter is sized for. In <see cref="SdsDialect.Rfc"/> all
    /// participants need the same.</summary>
    public int FilterCapacity { get; init; } = 10_000;

    /// <summary>The share of wrong answers of a full filter, between 0 and 1. In <see cref="SdsDialect.Rfc"/> all
    /// participants need the same.</summary>
    public double FilterErrorRate { get; init; } = 0.001;

    /// <summary>From how many participants a filter that seems to hold a message acknowledges it; 0: never, since a
    /// filter may be wrong. nim-sds takes 1, <c>@waku/sds</c> 2.</summary>
    public int PossibleAcknowledgments { get; init; }

    /// <summary>The most bytes of a content, up to 1 MiB.</summary>
    public int MaxContent { get; init; } = 1 << 20;

    /// <summary>How many own messages of a channel may be without acknowledgment.</summary>
    public int MaxUnacknowledged { get; init; } = 4_096;

    /// <summary>How many messages of a channel may wait for dependencies. A sender may take a quarter of
    /// them.</summary>
    public int MaxWaiting { get; init; } = 4_096;

    /// <summary>The most bytes that waiting messages of a channel take.</summary>
    public long MaxWaitingBytes { get; init; } = 64 << 20;

    /// <summary>How many missing messages of a channel are asked for, and how many requests of others are
    /// kept.</summary>
    public int MaxRepairs { get; init; } = 4_096;

    /// <summary>How many channels may be open. Received messages open channels.</summary>
    public int MaxChannels { get; init; } = 1_024;

    /// <summary>After how long an own message without acknowledgment is sent again.</summary>
    public TimeSpan ResendInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often it is sent again: by default for 24 hours.</summary>
    public int MaxResends { get; init; } = 1_440;

    /// <summary>How often a sync message is due.</summary>
    public TimeSpan SyncInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The shortest time until a missing message is asked for.</summary>
    public TimeSpan RepairMin { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest such time; <see langword="null"/>: 300 s (<see cref="SdsDialect.Nim"/>) or 120 s
    /// (<see cref="SdsDialect.Rfc"/>).</summary>
    public TimeSpan? RepairMax { get; init; }

    /// <summary>Into how many groups participants are divided, of which one answers a request.</summary>
    public int ResponseGroups { get; init; } = 1;

    /// <summary>How far the time of a received message may be ahead of the clock.</summary>
    public TimeSpan MaxClockLead { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How often <see cref="SdsParticipant.RunAsync"/> looks for what is due.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromSeconds(1);

    internal int CausalHistoryOrDefault => CausalHistory ?? (Dialect == SdsDialect.Nim ? 10 : 200);

    internal long RepairMaxMs =>
        (long)(RepairMax?.TotalMilliseconds ?? (Dialect == SdsDialect.Nim ? 300_000 : 120_000));

    internal long RepairMinMs => (long)RepairMin.TotalMilliseconds;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)Dialect, (uint)SdsDialect.Rfc, nameof(Dialect));
        ArgumentOutOfRangeException.ThrowIfLessThan(CausalHistoryOrDefault, 1, nameof(CausalHistory));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CausalHistoryOrDefault, SdsCodec.MaxHistory,
            nameof(CausalHistory));
        ArgumentOutOfRangeException.ThrowIfLessThan(History, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(FilterCapacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(FilterCapacity, SdsFilter.MaxBits);
        if (!(FilterErrorRate is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(FilterErrorRate));
        if (SdsFilter.TooLarge(FilterCapacity, FilterErrorRate))
        {
            throw new ArgumentOutOfRangeException(nameof(FilterCapacity), FilterCapacity,
                "a filter has at most 2^23 bits and 32 hashes");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(PossibleAcknowledgments);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxContent, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxContent, SdsCodec.MaxContent);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxUnacknowledged, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxWaiting, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxWaitingBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRepairs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxChannels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ResendInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxResends);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(SyncInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(RepairMin, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(RepairMaxMs, nameof(RepairMax));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxClockLead, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(SweepInterval, TimeSpan.Zero);
    }
}
