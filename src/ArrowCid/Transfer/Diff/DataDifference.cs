namespace ArrowCid.Transfer;

/// <summary>The first difference of two tables.</summary>
/// <param name="Row">The row, from 0; -1 where the columns differ.</param>
/// <param name="Column">The column; null where one table has a row more.</param>
/// <param name="Rule">What differs.</param>
/// <param name="InA">What A has.</param>
/// <param name="InB">What B has.</param>
internal sealed record DataDifference(long Row, string? Column, string Rule, string InA, string InB);
