using System.Diagnostics;

namespace ArrowCid.Registry;

/// <summary>What the lanes say of one block: its announcements, its drops, and the sheet of facts where there are
/// any.</summary>
internal sealed class BlockState
{
    // Most blocks are announced in one lane only.
    private int _lane = -1;
    private ulong _last;
    private Dictionary<int, ulong>? _others;

    /// <summary>The records that it was put with, each once; that which stands is one of them.</summary>
    public List<PutEntry>? Puts { get; private set; }

    /// <summary>Names that stood for it at some time.</summary>
    public List<string>? Names { get; private set; }

    /// <summary>Each lane's number up to which a drop voids the block's records; null where there is no drop.</summary>
    public ulong[]? Horizon { get; private set; }

    public BlockMetadataState? Sheet { get; set; }

    /// <summary>The time of the last announcement in ns since 1970, or 0.</summary>
    public ulong LastPut { get; private set; }

    public bool IsDropped => Horizon is not null;

    /// <summary>Whether it was put and, where it was dropped, put or announced again after that.</summary>
    public bool IsAlive
    {
        get
        {
            if (_lane < 0) return false;
            if (Horizon is null || !IsKilled(_lane, _last)) return true;
            if (_others is null) return false;
            foreach ((int lane, ulong last) in _others)
            {
                if (!IsKilled(lane, last)) return true;
            }

            return false;
        }
    }

    /// <summary>Whether a record of the block lies before a drop's fence.</summary>
    public bool IsKilled(int lane, ulong sequence) =>
        Horizon is not null && lane < Horizon.Length && sequence <= Horizon[lane];

    /// <summary>The last number of each lane that announces it.</summary>
    public IEnumerable<(int Lane, ulong Sequence)> Announcements()
    {
        if (_lane >= 0) yield return (_lane, _last);
        if (_others is null) yield break;
        foreach ((int lane, ulong last) in _others) yield return (lane, last);
    }

    public void AddPut(PutEntry put)
    {
        Puts ??= new List<PutEntry>(1);
        if (!Puts.Contains(put)) Puts.Add(put);
    }

    /// <summary>Some record of it is of then.</summary>
    public void NotePut(ulong nanoseconds) => LastPut = Math.Max(LastPut, nanoseconds);

    public void AddName(string name)
    {
        Names ??= new List<string>(1);
        if (!Names.Contains(name)) Names.Add(name);
    }

    public void Announce(int lane, ulong sequence, ulong nanoseconds)
    {
        LastPut = Math.Max(LastPut, nanoseconds);
        if (_lane < 0) (_lane, _last) = (lane, sequence);
        else if (_lane == lane) _last = Math.Max(_last, sequence);
        else
        {
            _others ??= [];
            _others[lane] = Math.Max(_others.GetValueOrDefault(lane), sequence);
        }
    }

    /// <summary>Adds a drop. Fences are shared by the blocks of a drop, and never written to.</summary>
    public void Drop(ulong[] fence)
    {
        if (Horizon is null || Horizon.AsSpan().SequenceEqual(fence))
        {
            Horizon ??= fence;
            return;
        }

        var joined = new ulong[Math.Max(Horizon.Length, fence.Length)];
        for (int lane = 0; lane < joined.Length; lane++)
        {
            ulong one = lane < Horizon.Length ? Horizon[lane] : 0, other = lane < fence.Length ? fence[lane] : 0;
            joined[lane] = Math.Max(one, other);
        }

        Debug.Assert(joined.Length >= Horizon.Length && joined.Length >= fence.Length, "a drop only adds");
        Horizon = joined;
    }
}
