namespace ArrowCid.Storage;

/// <summary>A word of the control file that tells whether the name of trust rules was ever given: readers of stores
/// without rules look no further. Zero is not known, as in stores of earlier versions and after a repair.</summary>
internal readonly struct TrustHint(ControlFile control)
{
    private const ulong None = 1, Named = 2;

    /// <summary>Whether the name was never given.</summary>
    public bool IsNone => control.Map.Read(StoreLayout.TrustWord) == None;

    /// <summary>Whether the name was given at some time, or is about to be.</summary>
    public bool IsNamed => control.Map.Read(StoreLayout.TrustWord) == Named;

    /// <summary>The name is about to be given. It is not forgotten again.</summary>
    public void MarkNamed() => control.Map.Exchange(StoreLayout.TrustWord, Named);

    /// <summary>The log was read, and the name was never given, unless that happened meanwhile.</summary>
    public void TryMarkNone() => control.Map.CompareExchange(StoreLayout.TrustWord, None, 0);
}
