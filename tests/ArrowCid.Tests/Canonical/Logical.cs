using ArrowCid.Columnar;

namespace ArrowCid.Tests.Canonical;

/// <summary>A record batch as its values alone: what the canonical block depends on, and nothing else.</summary>
internal sealed record Logical(Schema Schema, int Length, Shape[] Shapes, Value[][] Columns)
{
    /// <summary>Reads every visible slot.</summary>
    /// <exception cref="InvalidArrowException">canonical-block.md, section 4, refuses the batch.</exception>
    public static Logical Read(RecordBatch batch)
    {
        SchemaRules.Check(batch.Schema);
        int count = batch.Columns.Count;
        var shapes = new Shape[count];
        var columns = new Value[count][];
        for (int i = 0; i < count; i++)
        {
            ArrowArray array = batch.Columns[i];
            Field field = batch.Schema.Fields[i];
            shapes[i] = SlotReader.ShapeOf(array, field.Name);
            columns[i] = new Value[batch.Length];
            for (int row = 0; row < batch.Length; row++)
                columns[i][row] = SlotReader.Read(array, field, row, field.Name, shapes[i]);
        }

        return new Logical(batch.Schema, batch.Length, shapes, columns);
    }

    public bool Says(Logical other) =>
        Schema.Equals(other.Schema) && Length == other.Length
        && Columns.Zip(other.Columns).All(c => c.First.Zip(c.Second).All(v => Value.Same(v.First, v.Second)));
}
