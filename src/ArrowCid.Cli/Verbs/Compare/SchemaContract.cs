using System.CommandLine;
using ArrowCid.Columnar;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary>A contract about schemas: the columns that a table must have (<c>put --expect-schema</c>).</summary>
internal sealed class SchemaContract
{
    private readonly Option<string?> _option = new("--expect-schema")
    {
        HelpName = "CID",
        Description = "A contract: a batch or dataset by CID or name (@contracts/prices), or a file. Files whose " +
            "columns have other names, types, nullability or order are refused with exit code 8, and nothing is " +
            "stored. Metadata do not count.",
    };

    public void AddTo(Verb verb) => verb.Add(_option);

    /// <summary>The schema of the contract; null where none is given.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is no table.</exception>
    public Schema? Read(ParseResult parsed, DiffSides sides)
    {
        if (parsed.GetValue(_option) is not { } text) return null;
        using DiffPart first = sides.Of(text).FirstOrDefault() ?? throw new ArrowCidException(
            ErrorCode.InvalidArgument, $"--expect-schema takes a batch, and {text} has none");
        return first.Batch.Schema;
    }

    /// <summary>Says how a schema departs from a contract; null where it does not.</summary>
    public static string? Violation(Schema contract, Schema schema)
    {
        for (int i = 0; i < Math.Max(contract.Fields.Count, schema.Fields.Count); i++)
        {
            if (i >= schema.Fields.Count) return $"column '{contract.Fields[i].Name}' is missing";
            Field given = schema.Fields[i];
            if (i >= contract.Fields.Count) return $"column '{given.Name}' is not in the contract";
            Field expected = contract.Fields[i];
            if (given.Name != expected.Name)
            {
                return schema.IndexOf(expected.Name) < 0 ? $"column '{expected.Name}' is missing"
                    : contract.IndexOf(given.Name) < 0 ? $"column '{given.Name}' is not in the contract"
                    : $"column '{given.Name}' is in the place of '{expected.Name}'";
            }

            if (!given.Type.Equals(expected.Type))
                return $"column '{given.Name}' is {given.Type}, expected is {expected.Type}";
            if (given.IsNullable != expected.IsNullable)
                return $"column '{given.Name}' is {Word(given)}, expected is {Word(expected)}";
        }

        return null;

        static string Word(Field field) => field.IsNullable ? "nullable" : "not nullable";
    }

    /// <summary>Checks files that can be read twice, before anything is stored.</summary>
    /// <returns>Whether all meet the contract; else what departs was reported.</returns>
    public static bool Check(Schema contract, IEnumerable<string> files,
        Func<string, IEnumerable<RecordBatch>> read)
    {
        bool isMet = true;
        foreach (string file in files.Where(file => File.Exists(file) && OutputPath.IsRegularFile(file)))
        {
            Schema? schema;
            try
            {
                schema = read(file).FirstOrDefault()?.Schema;
            }
            catch (Exception e) when (e is ArrowCidException or IOException)
            {
                // The put itself reports it.
                continue;
            }

            if (schema is null || Violation(contract, schema) is not { } violation) continue;
            CommandError.Say($"{file}: {violation}; nothing was stored");
            isMet = false;
        }

        return isMet;
    }

    /// <summary>Batches that all meet a contract.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: one does not.</exception>
    public static IEnumerable<RecordBatch> Require(Schema contract, IEnumerable<RecordBatch> batches)
    {
        foreach (RecordBatch batch in batches)
        {
            if (Violation(contract, batch.Schema) is { } violation)
                throw new ArrowCidException(ErrorCode.SchemaMismatch, violation);
            yield return batch;
        }
    }
}
