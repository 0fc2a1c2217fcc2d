namespace ArrowCid.Registry;

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
