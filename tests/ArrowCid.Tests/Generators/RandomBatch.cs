using ArrowCid.Columnar;
using ArrowCid.Tests.Canonical;

namespace ArrowCid.Tests.Generators;

/// <summary>A batch at random: its values, and one plain layout of them. The same seed gives the same batch.</summary>
internal sealed record RandomBatch(int Seed, Logical Says, RecordBatch Batch)
{
    public static RandomBatch Make(int seed) => Make(seed, hasPlainNames: false);

    /// <summary>A batch whose fields' names are hard on readers, or each a word of its own.</summary>
    public static RandomBatch Make(int seed, bool hasPlainNames)
    {
        var random = new Random(seed);
        var values = new RandomValues(random);
        var schemas = new RandomSchema(random, hasPlainNames);
        Schema schema = schemas.Next();
        int rows = random.Next(12) switch { 0 => 0, 1 => random.Next(60, 140), 2 => 1, _ => random.Next(1, 25) };
        Shape[] shapes = [.. schema.Fields.Select(f => schemas.ShapeOf(f.Type, values))];
        Value[][] columns = [.. schema.Fields.Select((f, i) => values.Column(f, shapes[i], rows))];
        var says = new Logical(schema, rows, shapes, columns);
        return new RandomBatch(seed, says, MemoryLayout.Lay(says, Disguise.NanPayloads, random));
    }

    public override string ToString() =>
        $"seed {Seed} (ARROWCID_SEED={Seed} replays it): {Says.Length} rows of {string.Join("; ", Says.Schema.Fields)}";
}
