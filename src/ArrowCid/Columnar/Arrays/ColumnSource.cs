using ArrowCid.Memory;

namespace ArrowCid.Columnar;

/// <summary>Makes the columns of a batch when they are first asked for. It vouches for them: they fit the batch's
/// schema and length. For any number of threads at once.</summary>
internal abstract class ColumnSource
{
    /// <summary>Builds a new array for a column.</summary>
    public abstract ArrowArray Make(int index);

    /// <summary>Writes a column as a struct ArrowArray, as <see cref="Make"/> would have it.</summary>
    public abstract void WriteTo(int index, CDataExport export, CArrayPlace place);
}
