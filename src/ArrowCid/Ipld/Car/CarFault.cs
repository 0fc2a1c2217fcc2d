using System.Globalization;

namespace ArrowCid.Ipld.Car;

/// <summary>What is wrong at one place of an archive.</summary>
internal readonly record struct CarFault(string What, long Offset)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{What}; byte {Offset}");
}
