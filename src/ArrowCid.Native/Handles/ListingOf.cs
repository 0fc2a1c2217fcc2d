namespace ArrowCid.Native;

/// <summary>A listing that makes its structs of what it goes through. An item that has no struct is an error once, and
/// the next call goes on after it.</summary>
internal sealed class ListingOf<TSource, T>(IEnumerable<TSource> sources, Func<TSource, T> make) : Listing<T>
    where T : unmanaged
{
    private readonly IEnumerator<TSource> _sources = sources.GetEnumerator();
    private ArrowCidException? _fault;

    public override int Next(Span<T> target)
    {
        int count = 0;
        while (count < target.Length)
        {
            if (_fault is { } fault)
            {
                if (count > 0) return count;
                _fault = null;
                throw fault;
            }

            if (!_sources.MoveNext()) break;
            try
            {
                target[count] = make(_sources.Current);
                count++;
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.Unsupported)
            {
                _fault = e;
            }
        }

        return count;
    }

    public override void Close() => _sources.Dispose();
}
