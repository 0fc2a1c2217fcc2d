using System.Text.Json;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary>Whether a block that was put is new, was known, or was known with damaged bytes.</summary>
internal readonly record struct PutOutcome(bool IsNew, bool IsRepaired)
{
    /// <summary>The word for people.</summary>
    public string Word => IsNew ? "new" : IsRepaired ? "repaired" : "known";

    public static PutOutcome Of(PutResult put) => new(put.IsNew, put.IsRepaired);

    public static PutOutcome Of(ImportedBlock block) => new(block.IsNew, block.IsRepaired);

    /// <summary>Writes it as members of an object.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteBoolean("isNew", IsNew);
        writer.WriteBoolean("isRepaired", IsRepaired);
    }
}
