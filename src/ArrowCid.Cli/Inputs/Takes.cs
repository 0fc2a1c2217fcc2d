namespace ArrowCid.Cli.Inputs;

/// <summary>The formats that a verb reads beside Arrow.</summary>
[Flags]
internal enum Takes
{
    /// <summary>Arrow alone.</summary>
    None = 0,

    /// <summary>Parquet.</summary>
    Parquet = 1,

    /// <summary>CSV and JSON lines.</summary>
    Rows = 2,
}
