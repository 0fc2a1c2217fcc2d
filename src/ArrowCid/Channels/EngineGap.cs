using ArrowCid.Memory;

namespace ArrowCid.Channels;

/// <summary>A message that is missing.</summary>
internal sealed class EngineGap(Digest256 digest, ulong since)
{
    public Digest256 Digest { get; } = digest;

    /// <summary>The time of the record of the first message that misses it, in ms.</summary>
    public ulong Since { get; } = since;

    /// <summary>How often it was asked for.</summary>
    public int Asked { get; set; }

    /// <summary>The messages that wait for it.</summary>
    public List<Digest256> Dependents { get; } = [];
}
