namespace ArrowCid;

/// <summary>What happens to a block that a trust rule covers and no trusted key signed.</summary>
public enum TrustPolicy
{
    /// <summary>It cannot be read, exported, served or imported.</summary>
    Refuse = 1,

    /// <summary>It is read, and <see cref="StoreTrust.Warned"/> tells.</summary>
    Warn = 2,
}
