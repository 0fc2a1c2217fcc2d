namespace ArrowCid.Columnar;

/// <summary>Runs of equal values: a child of run ends and a child of values.</summary>
internal sealed class RunEndEncodedType : NestedType
{
    /// <summary>Makes the type.</summary>
    /// <param name="runEnds">Int16, Int32 or Int64, not nullable.</param>
    /// <param name="values">The values.</param>
    /// <exception cref="ArgumentException">The run ends are of another type.</exception>
    public RunEndEncodedType(Field runEnds, Field values) : base(ArrowTypeId.RunEndEncoded, runEnds, values)
    {
        if (runEnds.Type.Id is not (ArrowTypeId.Int16 or ArrowTypeId.Int32 or ArrowTypeId.Int64))
            throw new ArgumentException("Run ends are int16, int32 or int64.", nameof(runEnds));
    }

    /// <summary>Makes the type with Arrow's own child names.</summary>
    /// <param name="runEnds">Int16, Int32 or Int64.</param>
    /// <param name="values">The values' type.</param>
    public RunEndEncodedType(ArrowType runEnds, ArrowType values)
        : this(new Field("run_ends", runEnds, nullable: false), new Field("values", values))
    {
    }

    /// <summary>The run ends.</summary>
    public Field RunEnds => Children[0];

    /// <summary>The values.</summary>
    public Field Values => Children[1];
}
