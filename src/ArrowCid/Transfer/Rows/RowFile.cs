using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>A format of rows, read forward.</summary>
internal abstract class RowFile
{
    /// <summary>Finds the columns, and goes over everything once where that is needed.</summary>
    public abstract Schema Begin();

    /// <summary>Reads rows into the columns.</summary>
    /// <param name="most">Rows at most.</param>
    /// <returns>Rows that were read; fewer at the end.</returns>
    public abstract int Fill(int most);

    /// <summary>The columns of what was read since the last time.</summary>
    public abstract ArrowArray[] Take();

    /// <summary>Goes on at a place of a stream that can seek.</summary>
    protected static void Rewind(Stream stream, long to)
    {
        try
        {
            stream.Position = to;
        }
        catch (IOException e)
        {
            throw new ArrowCidException(IoFault.CodeOf(e), $"the input cannot be read twice: {e.Message}", e);
        }
    }

    /// <summary>Runs what appends to builders; a buffer of theirs that is full is said with what to do.</summary>
    protected static void Guarded(Action append)
    {
        try
        {
            append();
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.TooLarge && e is not InvalidTextException)
        {
            throw new ArrowCidException(ErrorCode.TooLarge, $"{e.Message}; take fewer rows per batch", e);
        }
    }
}
