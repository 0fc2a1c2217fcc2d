namespace ArrowCid.Storage;

/// <summary>How much a finding matters.</summary>
internal enum FindingSeverity
{
    /// <summary>Worth knowing; nothing has to be done.</summary>
    Note,

    /// <summary>Nothing is lost, and something is to be tidied up.</summary>
    Warning,

    /// <summary>Something cannot be read or found.</summary>
    Error,
}
