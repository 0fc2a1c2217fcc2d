namespace ArrowCid.Parquet;

internal enum Repetition
{
    Required = 0,
    Optional = 1,
    Repeated = 2,
}
