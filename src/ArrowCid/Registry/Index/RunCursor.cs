using System.Runtime.InteropServices;

namespace ArrowCid.Registry;

/// <summary>Keys of a section within bounds, one after the other, in either direction.</summary>
internal abstract class KeyCursor
{
    /// <summary>The key that the cursor stands at, while it is not moved.</summary>
    public abstract ReadOnlySpan<byte> Key { get; }

    /// <summary>Its value.</summary>
    public abstract ReadOnlySpan<byte> Value { get; }

    /// <summary>Goes to the first key, then to the next.</summary>
    /// <returns>False behind the last one.</returns>
    public abstract bool Next();
}

/// <summary>A run's keys from one on (null: from the first) and below another (null: to the last).</summary>
internal sealed class RunCursor(RunSection section, byte[]? low, byte[]? high, bool isDescending) : KeyCursor
{
    private int _page = -1;
    private int _at;

    public override ReadOnlySpan<byte> Key => section.Page(_page).Key(_at);

    public override ReadOnlySpan<byte> Value => section.Page(_page).Value(_at);

    public override bool Next()
    {
        if (section.Pages == 0) return false;
        if (_page < 0) Begin();
        else _at += isDescending ? -1 : 1;
        return isDescending ? IsInDescending() : IsInAscending();
    }

    private void Begin()
    {
        byte[]? from = isDescending ? high : low;
        _page = from is null ? (isDescending ? section.Pages - 1 : 0) : section.PageOf(from);
        RunPage page = section.Page(_page);
        // Descending begins below the bound.
        _at = from is null ? (isDescending ? page.Count - 1 : 0) : page.Search(from) - (isDescending ? 1 : 0);
    }

    private bool IsInAscending()
    {
        if (_at >= section.Page(_page).Count)
        {
            if (_page + 1 >= section.Pages) return false;
            (_page, _at) = (_page + 1, 0);
        }

        return high is null || Key.SequenceCompareTo(high) < 0;
    }

    private bool IsInDescending()
    {
        if (_at < 0)
        {
            if (_page == 0) return false;
            _page--;
            _at = section.Page(_page).Count - 1;
        }

        return low is null || Key.SequenceCompareTo(low) >= 0;
    }
}

/// <summary>Sorted keys in memory, from one place up to another.</summary>
internal sealed class ListCursor(List<byte[]> keys, int from, int to, bool isDescending) : KeyCursor
{
    private int _at = isDescending ? to : from - 1;

    public override ReadOnlySpan<byte> Key => keys[_at];

    public override ReadOnlySpan<byte> Value => default;

    public override bool Next()
    {
        _at += isDescending ? -1 : 1;
        return _at >= from && _at < to;
    }
}

/// <summary>Several cursors as one: each key once, with the places of all that have it.</summary>
internal sealed class MergedCursor(KeyCursor[] cursors, bool isDescending) : KeyCursor
{
    // The places of those that have a key, by their keys: those at the least one stand first. Runs are parts of a log,
    // and mostly the one that was first stays so.
    private readonly List<int> _order = new(cursors.Length);
    private int _current;
    private bool _hasBegun;

    /// <summary>The places, in the order given, of the cursors that stand at the key.</summary>
    public ReadOnlySpan<int> Places => CollectionsMarshal.AsSpan(_order)[.._current];

    public override ReadOnlySpan<byte> Key => cursors[_order[0]].Key;

    public override ReadOnlySpan<byte> Value => cursors[_order[0]].Value;

    public ReadOnlySpan<byte> ValueAt(int place) => cursors[place].Value;

    public override bool Next()
    {
        if (_hasBegun)
        {
            for (int at = _current - 1; at >= 0; at--) Advance(at);
        }
        else
        {
            _hasBegun = true;
            for (int place = cursors.Length - 1; place >= 0; place--)
            {
                _order.Insert(0, place);
                Advance(0);
            }
        }

        _current = Math.Min(1, _order.Count);
        while (_current < _order.Count && cursors[_order[_current]].Key.SequenceEqual(Key)) _current++;
        return _current > 0;
    }

    /// <summary>Moves one on, and to its place among those behind it.</summary>
    private void Advance(int at)
    {
        int place = _order[at];
        KeyCursor moved = cursors[place];
        if (!moved.Next())
        {
            _order.RemoveAt(at);
            return;
        }

        for (; at + 1 < _order.Count; at++)
        {
            int other = _order[at + 1];
            int order = moved.Key.SequenceCompareTo(cursors[other].Key);
            if (isDescending) order = -order;
            if (order < 0 || (order == 0 && place < other)) break;
            _order[at] = other;
        }

        _order[at] = place;
    }
}
