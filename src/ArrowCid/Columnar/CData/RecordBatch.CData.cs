using ArrowCid.Memory;

namespace ArrowCid.Columnar;

internal sealed partial class RecordBatch : ICArraySource
{
    /// <summary>Writes this batch as a struct array. Columns that were not accessed yet are not built for it.</summary>
    void ICArraySource.WriteTo(CDataExport export, CArrayPlace place)
    {
        ColumnSource? source = Volatile.Read(ref _source);
        CArrayPlaces below =
            export.Write(place, new CArrayForm(Length, 0, 0, true, false, _columns.Length), [default]);
        for (int i = 0; i < _columns.Length; i++)
        {
            if (Volatile.Read(ref _columns[i]) is { } column)
                column.Slice(0, Length).WriteTo(export, below.Child(i));
            else
                source!.WriteTo(i, export, below.Child(i));
        }
    }
}
