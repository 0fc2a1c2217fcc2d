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

/// <summary>Sorted keys in memory.</summary>
internal sealed class ListCursor(IReadOnlyList<byte[]> keys, bool isDescending) : KeyCursor
{
    private int _at = isDescending ? keys.Count : -1;

    public override ReadOnlySpan<byte> Key => keys[_at];

    public override ReadOnlySpan<byte> Value => default;

    public override bool Next()
    {
        _at += isDescending ? -1 : 1;
        return _at >= 0 && _at < keys.Count;
    }
}

/// <summary>Several cursors as one: each key once, with the places of all that have it.</summary>
internal sealed class MergedCursor(IReadOnlyList<KeyCursor> cursors, bool isDescending) : KeyCursor
{
    private readonly bool[] _isThere = new bool[cursors.Count];
    private readonly List<int> _current = [];
    private bool _hasBegun;

    /// <summary>The places, in the order given, of the cursors that stand at the key.</summary>
    public IReadOnlyList<int> Places => _current;

    public override ReadOnlySpan<byte> Key => cursors[_current[0]].Key;

    public override ReadOnlySpan<byte> Value => cursors[_current[0]].Value;

    public ReadOnlySpan<byte> ValueAt(int place) => cursors[place].Value;

    public override bool Next()
    {
        if (_hasBegun)
        {
            foreach (int place in _current) _isThere[place] = cursors[place].Next();
        }
        else
        {
            _hasBegun = true;
            for (int i = 0; i < cursors.Count; i++) _isThere[i] = cursors[i].Next();
        }

        _current.Clear();
        for (int i = 0; i < cursors.Count; i++)
        {
            if (!_isThere[i]) continue;
            int order = _current.Count == 0 ? -1 : cursors[i].Key.SequenceCompareTo(Key);
            if (isDescending && _current.Count > 0) order = -order;
            if (order < 0) _current.Clear();
            if (order <= 0) _current.Add(i);
        }

        return _current.Count > 0;
    }
}
