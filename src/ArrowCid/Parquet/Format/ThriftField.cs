namespace ArrowCid.Parquet;

/// <summary>Where a struct's reading stands: the last field's id and type.</summary>
internal ref struct ThriftField
{
    public int Id;
    public ThriftType Type;
}
