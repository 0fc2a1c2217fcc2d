namespace ArrowCid.Native;

/// <summary>A batch in the making that a caller fills.</summary>
internal sealed class Reservation(BatchReservation batch) : OneAtATime
{
    private readonly bool[] _hasValidity = new bool[batch.SchemaView.Fields.Count];

    public BatchReservation Batch => batch;

    protected override string Noun => "reservation";

    public bool HasValidity(int column) => _hasValidity[column];

    public Span<byte> Validity(int column)
    {
        Span<byte> bits = batch[column].Validity;
        _hasValidity[column] = true;
        return bits;
    }
}
