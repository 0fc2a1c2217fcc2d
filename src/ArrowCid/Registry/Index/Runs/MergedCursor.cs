using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ArrowCid.Registry;

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
        Debug.Assert(_current <= _order.Count && _order.Count <= cursors.Length);
        return _current > 0;
    }

    /// <summary>Moves one on, and to its place among those after it.</summary>
    private void Advance(int at)
    {
        Debug.Assert(at >= 0 && at < _order.Count);
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
