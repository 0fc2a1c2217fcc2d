using ArrowCid.Memory;

namespace ArrowCid.Channels;

/// <summary>Holds delivered messages until no earlier one can come: all participants were heard past its time, or it
/// has waited long enough. What still comes earlier than what was given out is late.</summary>
/// <param name="settle">How long a message waits for participants that are silent, in ms.</param>
internal sealed class TotalOrder(ulong settle)
{
    private static readonly Comparer<(ulong At, Digest256 Digest, ulong Since)> s_order =
        Comparer<(ulong At, Digest256 Digest, ulong Since)>.Create(static (one, other) =>
        {
            int byTime = one.At.CompareTo(other.At);
            return byTime != 0 ? byTime : MessageBlock.Compare(in one.Digest, in other.Digest);
        });

    private readonly SortedSet<(ulong At, Digest256 Digest, ulong Since)> _held = new(s_order);

    private (ulong At, Digest256 Digest)? _last;

    public int Held => _held.Count;

    public void Add(in Digest256 digest, ulong at, ulong now) => _ = _held.Add((at, digest, now));

    /// <summary>The next message that is final; null where none is yet.</summary>
    public (Digest256 Digest, bool IsLate)? Take(ChannelEngine engine, in Digest256 me, ulong now)
    {
        if (_held.Count == 0) return null;
        (ulong at, Digest256 digest, ulong since) = _held.Min;
        bool isLate = _last is { } last && (at < last.At ||
            (at == last.At && MessageBlock.Compare(in digest, in last.Digest) < 0));
        if (!isLate && !engine.IsSettled(at, in me) && now < since + settle) return null;
        _ = _held.Remove(_held.Min);
        if (!isLate) _last = (at, digest);
        return (digest, isLate);
    }
}
